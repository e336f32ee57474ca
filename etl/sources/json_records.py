"""Taking a JSON array apart without losing a byte of its records.

The fast path lets msgspec cut the array into raw slices. When one record is malformed (NaN, a lone surrogate,
hopeless nesting), msgspec refuses the whole array; then a scanner that only knows strings and brackets cuts it,
so that the bad record can be quarantined alone.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from db.turns import made
from etl.drift import shape_of, shape_of_small
from etl.errors import RecordInvalid
from etl.http import MalformedBody
from etl.normalize import Parse, refusal
from etl.types import Page, RawRecord, Shape

CHUNK_RECORDS = 1000
MAX_DEPTH = 32
SMALL_BYTES = 8 * 1024
T = TypeVar("T")
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
# Possessive, so that a string without an end costs one look and not one for each of its characters.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def split_array(body: bytes) -> list[bytes]:
    """The elements of a JSON array, each the upstream's own bytes. Raises MalformedBody."""
    try:
        return [bytes(element) for element in _ARRAY.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _scan_array(body)


def _scan_array(body: bytes) -> list[bytes]:
    text = body.strip()
    if not text.startswith(b"["):
        raise MalformedBody(f"not a list but {text[:40]!r}")
    elements: list[bytes] = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
        if (depth == 1 and mark == b",") or depth == 0:
            elements.append(text[start : token.start()].strip())
            start = token.end()
        if depth == 0:
            break
    if depth != 0 or text[start:].strip():
        raise MalformedBody("the list is cut off or followed by something else")
    return [] if elements == [b""] else elements


def depth_of(payload: bytes) -> int:
    """How deeply the brackets of a payload nest (strings do not count)."""
    deepest = depth = 0
    for token in _TOKEN.finditer(payload):
        mark = token.group()
        depth += (mark in b"[{") - (mark in b"]}")
        deepest = max(deepest, depth)
    return deepest


def decode_record(decoder: msgspec.json.Decoder[T], payload: bytes) -> T:
    """Decode one record strictly. Raises RecordInvalid with the path of what is wrong."""
    if payload.count(b"[") + payload.count(b"{") > MAX_DEPTH and depth_of(payload) > MAX_DEPTH:
        raise RecordInvalid("too_deep", f"nested deeper than {MAX_DEPTH} levels")
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        raise RecordInvalid("wrong_type", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordInvalid("not_json", str(error)) from error


class Identified(msgspec.Struct, frozen=True, gc=False):
    """As much of a record as is needed to put it in order. Of its time any JSON is taken: it may be null."""

    id: str
    last_updated: Any = None


_IDENTIFIED = msgspec.json.Decoder(Identified)
# A record's time as text (empty if it has none), and the record.
_Aged = tuple[str, RawRecord]


async def records_by_id(pages: AsyncIterable[Page], parse: Parse) -> AsyncIterator[list[RawRecord]]:
    """All records of a window in the order of their ids, one good record per id: the newest, the last read of equals.

    A ranked list moves while it is paged, so a coin can come twice. A bad record never hides a good one: it is kept
    beside it, as are records without a readable id, so that they end up in quarantine.
    """
    by_id: dict[str, list[_Aged]] = {}
    number = 0
    async for page in pages:
        elements = await asyncio.to_thread(_elements, page)
        for age, record in await made(_identified(payload, number, place) for place, payload in enumerate(elements)):
            by_id.setdefault(record.key, []).append((age, record))
        number += 1
        read_at = page.fetched_at
    best = await made(
        [same[0][1]] if len(same) == 1 else _without_older(same, parse, read_at) for same in by_id.values()
    )
    chosen = {record.key: record for records in best for record in records}
    del by_id, best
    keys = sorted(chosen)
    for start in range(0, len(keys), CHUNK_RECORDS):
        # Not held any longer: who takes a chunk may keep it in another form.
        yield [chosen.pop(key) for key in keys[start : start + CHUNK_RECORDS]]


def _elements(page: Page) -> list[bytes]:
    return split_array(page.body)[: page.records]


def _identified(payload: bytes, page: int, place: int) -> _Aged:
    nowhere = f"\t{page:06d}:{place:06d}"
    try:
        known = decode_record(_IDENTIFIED, payload)
    except RecordInvalid:
        return "", RawRecord(key=nowhere, external_id=None, payload=payload, page=page)
    age = known.last_updated if isinstance(known.last_updated, str) else ""
    key = known.id if known.id.isprintable() and known.id else nowhere
    return age, RawRecord(key=key, external_id=known.id, payload=payload, page=page)


def _best(same: list[_Aged], parse: Parse, read_at: datetime) -> list[RawRecord]:
    return [same[0][1]] if len(same) == 1 else _without_older(same, parse, read_at)


def _without_older(same: list[_Aged], parse: Parse, read_at: datetime) -> list[RawRecord]:
    """Of several records with one id the newest good one, and all bad ones under keys of their own."""
    newest: _Aged | None = None
    bad: list[RawRecord] = []
    for place, (age, record) in enumerate(same):
        if refusal(record, parse, read_at) is not None:
            bad.append(replace(record, key=f"{record.key}\t{place:06d}"))
        elif newest is None or age >= newest[0]:
            newest = (age, record)
    return bad if newest is None else [newest[1], *bad]


def decoder_of(kind: type[T]) -> Callable[[bytes], T]:
    """A strict decoder of one record into `kind`, raising RecordInvalid."""
    decoder = msgspec.json.Decoder(kind)
    return lambda payload: decode_record(decoder, payload)


def shape_of_json(record: RawRecord) -> Shape:
    """The fields of a JSON record; () for what is no JSON."""
    find = shape_of_small if len(record.payload) <= SMALL_BYTES else shape_of
    try:
        return find(msgspec.json.decode(record.payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


def split_readable(decode: Callable[[bytes], T]) -> Callable[[bytes], list[T]]:
    """Takes a JSON array apart into what `decode` makes of its elements, leaving out what it refuses."""

    def readable(body: bytes) -> list[T]:
        found = []
        for element in split_array(body):
            with contextlib.suppress(RecordInvalid):
                found.append(decode(element))
        return found

    return readable

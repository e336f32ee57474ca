"""Taking a JSON array apart without losing a byte of its records.

The fast path lets msgspec cut the array into raw slices. When one record is malformed (NaN, a lone surrogate,
hopeless nesting), msgspec refuses the whole array; then a scanner that only knows strings and brackets cuts it,
so that the bad record can be quarantined alone.
"""

import re
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import TypeVar

import msgspec

from etl.drift import shape_of
from etl.errors import RecordInvalid
from etl.http import MalformedBody
from etl.types import Page, RawRecord, Shape

CHUNK_RECORDS = 250
MAX_DEPTH = 32
T = TypeVar("T")
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


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
    """As much of a record as is needed to put it in order."""

    id: str
    last_updated: str = ""


_IDENTIFIED = msgspec.json.Decoder(Identified)


async def records_by_id(pages: AsyncIterable[Page]) -> AsyncIterator[list[RawRecord]]:
    """All records of a window in the order of their ids, one per id: the newest, the last read among equals.

    A ranked list moves while it is paged, so a coin can come twice. Records without a readable id are kept
    too, under a key made of their place, so that they end up in quarantine.
    """
    newest: dict[str, tuple[str, RawRecord]] = {}
    async for number, page in _numbered(pages):
        for place, payload in enumerate(split_array(page.body)[: page.records]):
            age, record = _ordered(payload, f"\t{number:06d}:{place:06d}")
            known = newest.get(record.key)
            if known is None or age >= known[0]:
                newest[record.key] = (age, record)
    keys = sorted(newest)
    for start in range(0, len(keys), CHUNK_RECORDS):
        yield [newest[key][1] for key in keys[start : start + CHUNK_RECORDS]]


async def _numbered(pages: AsyncIterable[Page]) -> AsyncIterator[tuple[int, Page]]:
    number = 0
    async for page in pages:
        yield number, page
        number += 1


def _ordered(payload: bytes, place: str) -> tuple[str, RawRecord]:
    try:
        known = decode_record(_IDENTIFIED, payload)
    except RecordInvalid:
        return "", RawRecord(key=place, external_id=None, payload=payload)
    key = known.id if known.id.isprintable() and known.id else place
    return known.last_updated, RawRecord(key=key, external_id=known.id, payload=payload)


def decoder_of(kind: type[T]) -> Callable[[bytes], T]:
    """A strict decoder of one record into `kind`, raising RecordInvalid."""
    decoder = msgspec.json.Decoder(kind)
    return lambda payload: decode_record(decoder, payload)


def shape_of_json(record: RawRecord) -> Shape:
    """The fields of a JSON record; () for what is no JSON."""
    try:
        return shape_of(msgspec.json.decode(record.payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()

"""Sorted entries -> staged pages, and back to raw records."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, groupby
from typing import NamedTuple

import msgspec

from db.records import AcceptedRecord
from etl.csv_format.reading import external_id_of, file_number_of
from etl.csv_format.sort import PIECE_RECORDS, Entry
from etl.normalize import Parse, judge
from etl.types import Page, RawRecord

PAGE_BYTES = 8 * 1024 * 1024
_NEVER = datetime.min.replace(tzinfo=UTC)


class FileFacts(NamedTuple):
    """What all records of one file share; `dated` is its time of change in whole epoch seconds."""

    header: str
    dated: int


class _Duplicates(NamedTuple):
    """Keys: of the first and the last record with one external id, and of the one that counts."""

    first: str
    last: str
    effective: str


# Key, payload, superseded, damage.
_PackedRecord = tuple[str, bytes, bool, str | None]


class PackedPage(msgspec.Struct, array_like=True, frozen=True):
    """A page as it is staged: its records, and the files they are of, by number."""

    files: dict[int, FileFacts]
    records: list[_PackedRecord]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(PackedPage)


def pages_of(
    entries: Iterable[Entry], files: Sequence[FileFacts], parse: Parse, *, page_records: int, origin: str
) -> Iterator[Page | None]:
    """Pack entries that come in key order; they are iterated twice, side by side. None is a piece of work, but no page.

    A page holds `page_records` records, or fewer when they are big. Its `last_key` is that of its last record.
    """
    page: list[_PackedRecord] = []
    size = 0
    for record in _judged(entries, files, parse):
        page.append(record)
        size += len(record[1])
        if len(page) >= page_records or size >= PAGE_BYTES:
            yield _packed(page, files, origin)
            page, size = [], 0
        elif not len(page) % PIECE_RECORDS:
            yield None
    if page:
        yield _packed(page, files, origin)


def unpacked(body: bytes) -> PackedPage:
    """A staged page, for `records_of`."""
    return _decoder.decode(zlib.decompress(body))


def records_of(page: PackedPage) -> Iterator[RawRecord]:
    """The records of one staged page, in key order."""
    dates = {number: datetime.fromtimestamp(facts.dated, UTC) for number, facts in page.files.items()}
    for key, payload, superseded, damage in page.records:
        number = file_number_of(key)
        header = page.files[number].header
        yield RawRecord(key, external_id_of(key) or None, payload, header, superseded, dates[number], damage)


def _packed(records: Sequence[_PackedRecord], files: Sequence[FileFacts], origin: str) -> Page:
    numbers = sorted({file_number_of(key) for key, _, _, _ in records}) if len(files) > 1 else [0]
    page = PackedPage({number: files[number] for number in numbers}, list(records))
    return Page(
        body=zlib.compress(_encoder.encode(page), 1),
        records=len(records),
        fetched_at=datetime.now(UTC),
        origin=origin,
        last_key=records[-1][0],
    )


def _judged(entries: Iterable[Entry], files: Sequence[FileFacts], parse: Parse) -> Iterator[_PackedRecord]:
    """Mark all but the effective record of each external id, holding no more than one record at a time.

    A second pass runs ahead to the next rows that share an id, so it does not matter how many they are.
    """
    nothing = _Duplicates("", "", "")
    shared = _duplicates(entries, files, parse)
    first, last, effective = next(shared, nothing)
    for key, payload, damage in entries:
        superseded = first <= key <= last and key != effective
        yield key, payload, superseded, damage
        if key == last:
            first, last, effective = next(shared, nothing)


def _duplicates(entries: Iterable[Entry], files: Sequence[FileFacts], parse: Parse) -> Iterator[_Duplicates]:
    for external_id, group in groupby(entries, lambda entry: external_id_of(entry[0])):
        if external_id and (found := _duplicates_among(group, files, parse)):
            yield found


def _duplicates_among(group: Iterator[Entry], files: Sequence[FileFacts], parse: Parse) -> _Duplicates | None:
    """Of the records with one external id the newest is effective, the last one of equals."""
    entry, following = next(group), next(group, None)
    if following is None:
        return None
    first = last = effective = entry[0]
    newest = _date_of(entry, files, parse)
    for entry in chain((following,), group):
        last, dated = entry[0], _date_of(entry, files, parse)
        if dated >= newest:
            effective, newest = last, dated
    return _Duplicates(first, last, effective)


def _date_of(entry: Entry, files: Sequence[FileFacts], parse: Parse) -> datetime:
    """When the record was true: its own date, else its file's. A bad record is older than any good one."""
    key, payload, damage = entry
    facts = files[file_number_of(key)]
    dated = datetime.fromtimestamp(facts.dated, UTC)
    record = RawRecord(key, external_id_of(key), payload, facts.header, dated=dated, damage=damage)
    judged = judge(record, parse, 0, datetime.now(UTC))
    return judged.asset.last_updated or dated if isinstance(judged, AcceptedRecord) else _NEVER

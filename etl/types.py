"""The values that travel between the stages of a run, and the promise every source makes."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from db.records import NewAsset

# The fields of a record, as (path, kind of value), in a fixed order.
Shape = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One piece of a window, frozen in the database before any record of it is loaded.

    `body` is the upstream's answer as received, or records packed by the source; its first `records` count.
    `last_key` is the highest key inside when the source guarantees that pages are in key order, so that a
    resume can skip the page; None when only all pages together give the order. `origin` is a URL or a file
    name, without secrets.
    """

    body: bytes
    records: int
    fetched_at: datetime
    origin: str
    last_key: str | None = None


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """One upstream record inside a window.

    `key` is unique in the window and gives the order of processing (by code point). `payload` is the
    upstream's own bytes for the record. `header` is the CSV header line that names its cells. `superseded`
    marks a record whose external id has a newer record in the same window: kept, but never applied.
    `dated` is the date of the file, used where the record carries none. `damage` says why the source could
    not even take the record apart. `page` is the number of the upstream's page it came from.
    """

    key: str
    external_id: str | None
    payload: bytes
    header: str | None = None
    superseded: bool = False
    dated: datetime | None = None
    damage: str | None = None
    page: int = 0


class Source(Protocol):
    """One upstream. It speaks HTTP or reads files; it never touches the database or the settings.

    `restages` tells whether an interrupted staging must start over (the input is read as one piece) or can
    go on behind the pages that are already there.
    """

    @property
    def name(self) -> str: ...

    @property
    def restages(self) -> bool: ...

    def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
        """Fetch a window page by page, behind those whose record counts are given, until there are no more."""
        ...

    def records(self, pages: AsyncIterable[Page]) -> AsyncIterator[list[RawRecord]]:
        """Take staged pages apart: chunks of records, keys strictly ascending, always the same ones."""
        ...

    def parse(self, record: RawRecord) -> NewAsset:
        """Map one record to the unified asset (pure). Raises RecordInvalid."""
        ...

    def shape(self, record: RawRecord) -> Shape:
        """Which fields the record has, for noticing schema drift; () if that can't be told. Never raises."""
        ...

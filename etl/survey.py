"""Looking through a frozen window before any record of it is loaded: what fields it has, and whether it is fit for use.

Each record is judged here, because a page of bad ones fails the run before any is committed. A window of ordinary size
is kept as it was judged, so that loading it need not read it again; a large one is read twice, because staged pages may
be compressed and only their records show how much they hold.
"""

from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import NamedTuple

from db.records import RejectedRecord, WindowRecord
from db.turns import give_way, made
from etl.drift import Survey
from etl.normalize import normalized, shown_id
from etl.types import Page, RawRecord, Shape, Source

# More than this share of bad records on a page means that the upstream changed, not that some coins are odd.
MOST_REJECTED = 0.2
# So much of a window is kept in memory. The largest list of coins has 18,000 of 1 KB; besides its text, a record takes
# about as much again.
MOST_KEPT_BYTES = 32 * 1024 * 1024
RECORD_BYTES = 800

Chunks = deque[list[WindowRecord]]


class Surveyed(NamedTuple):
    """A window's fields, why it can't be used, if so, and its judged records, unless they are too many to keep."""

    fields: Survey
    complaint: str | None
    kept: Chunks | None


async def survey(source: Source, pages: AsyncIterator[Page], read_at: datetime, expected: int) -> Surveyed:
    """Look through a window that was read at `read_at`, and has about so many records as `expected`."""
    shapes: Counter[Shape] = Counter()
    health = PageHealth()
    records = size = 0
    keep = expected * RECORD_BYTES <= MOST_KEPT_BYTES
    kept: Chunks = deque()
    async for chunk in source.records(pages):
        judged = await made(normalized(chunk, source.parse, records + 1, read_at))
        shapes.update(await made(_looked(source, chunk, judged, health)))
        records += len(chunk)
        size += sum(len(record.payload) for record in chunk) + RECORD_BYTES * len(chunk)
        keep = keep and size <= MOST_KEPT_BYTES
        if keep:
            kept.append(judged)
        else:
            await let_go(kept)
    return Surveyed(Survey(records, shapes), health.complaint(), kept if keep else None)


async def taken(chunks: Chunks) -> AsyncIterator[list[WindowRecord]]:
    """The chunks, which are not held any longer once they are handed out."""
    while chunks:
        yield chunks.popleft()


async def let_go(chunks: Chunks | None) -> None:
    """Forget the chunks, one in a turn: all at once would keep the event loop for some milliseconds."""
    while chunks:
        chunks.popleft()
        await give_way()


def _looked(
    source: Source, chunk: list[RawRecord], judged: list[WindowRecord], health: "PageHealth"
) -> Iterator[Shape]:
    for record, verdict in zip(chunk, judged, strict=True):
        health.add(record, verdict if isinstance(verdict, RejectedRecord) else None)
        yield source.shape(record)


class PageHealth:
    """How many records of each upstream page are bad."""

    def __init__(self) -> None:
        self._seen: Counter[int] = Counter()
        self._bad: Counter[int] = Counter()
        self._example: dict[int, tuple[RawRecord, RejectedRecord]] = {}

    def add(self, record: RawRecord, rejected: RejectedRecord | None) -> None:
        self._seen[record.page] += 1
        if rejected is not None:
            self._bad[record.page] += 1
            self._example.setdefault(record.page, (record, rejected))

    def complaint(self) -> str | None:
        """What is wrong with the first page that is mostly bad. One bad record alone never spoils a page."""
        for page, bad in sorted(self._bad.items()):
            if bad > max(1, MOST_REJECTED * self._seen[page]):
                record, rejected = self._example[page]
                return (
                    f"{bad} of {self._seen[page]} records of page {page + 1} are bad, for example "
                    f"{shown_id(record) or record.key.strip()}: {rejected.reason}: {rejected.detail}"
                )
        return None

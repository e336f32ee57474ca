"""From a frozen window to bounded batches behind the checkpoint, in the order of keys."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from datetime import datetime

from db.records import WindowRecord
from db.turns import made
from etl.normalize import normalized
from etl.types import Page, RawRecord, Source


async def batches(
    chunks: AsyncIterable[list[WindowRecord]], size: int, at_most: int | None
) -> AsyncGenerator[list[WindowRecord], None]:
    """The records in batches of up to `size`. Ends after `at_most` records if that is set."""
    waiting: list[WindowRecord] = []
    left = at_most
    async for records in chunks:
        waiting.extend(records)
        while len(waiting) >= (due := size if left is None else min(size, left)):
            yield waiting[:due]
            waiting = waiting[due:]
            if left is not None and (left := left - due) == 0:
                return
    if waiting:
        yield waiting


async def judged(
    source: Source, pages: AsyncIterable[Page], behind: str | None, position: int, read_at: datetime
) -> AsyncIterator[list[WindowRecord]]:
    """Chunks of the records whose key is behind `behind`, which stands at `position`, each judged."""
    async for chunk in source.records(pages):
        done = _committed(chunk, behind)
        records = await made(normalized(chunk, source.parse, position - done + 1, read_at))
        yield records[done:]
        position += len(records) - done


def _committed(page: Sequence[RawRecord], behind: str | None) -> int:
    """How many records at the start of a page are committed already."""
    return 0 if behind is None else sum(record.key <= behind for record in page)

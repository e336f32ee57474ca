"""Reading the journal: the batches of runs. Writing it is in `batches`."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import grouped, keyset
from db.keyset import Ordering, Page, Slice, Term
from db.tables import batches

_COLUMNS = (
    batches.c.sequence,
    batches.c.from_position,
    batches.c.to_position,
    batches.c.seen,
    batches.c.committed_at,
    batches.c.last_record_id,
)
_BATCHES = select(*_COLUMNS)


def check(run_id: int, wanted: Slice) -> None:
    """Raise InvalidCursor unless the slice's cursors were taken from this run's batches."""
    keyset.keys(_ordering(run_id), wanted)


async def pages(connection: AsyncConnection, run_ids: Sequence[int], wanted: Slice) -> dict[int, Page]:
    """The same slice of each run's batches, in the order they were committed. Raises InvalidCursor."""
    return await grouped.fetch(connection, _BATCHES, batches.c.run_id, run_ids, wanted, _ordering)


async def counts(connection: AsyncConnection, run_ids: Sequence[int]) -> dict[int, int]:
    """How many batches each run committed."""
    return await grouped.count(connection, _BATCHES, batches.c.run_id, run_ids)


def _ordering(run_id: int) -> Ordering:
    return Ordering((Term(batches.c.sequence),), batches.c.id, f"batches of run {run_id}")

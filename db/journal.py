"""Reading the journal: the batches of runs. Writing it is in `batches`."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, tuple_

from db import grouped, keyset
from db.aio import AsyncConnection
from db.keyset import AnyRow, Ordering, Page, Slice, Term
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


async def last_records(connection: AsyncConnection, run_ids: Sequence[int]) -> dict[int, str]:
    """The id of the last record that each run committed; where there is none, the run is left out."""
    last = select(batches.c.run_id, func.max(batches.c.sequence)).where(batches.c.run_id.in_(run_ids))
    same = tuple_(batches.c.run_id, batches.c.sequence).in_(last.group_by(batches.c.run_id))
    rows = await connection.execute(select(batches.c.run_id, batches.c.last_record_id).where(same))
    return {row.run_id: row.last_record_id for row in rows if row.last_record_id is not None}


async def writing(
    connection: AsyncConnection, writes: Sequence[tuple[int, datetime]]
) -> dict[tuple[int, datetime], AnyRow]:
    """The batch that wrote what a run stored at a time: a batch takes its time first and is journaled last."""
    runs, times = zip(*writes, strict=True)
    found = select(*_COLUMNS, batches.c.run_id).where(batches.c.run_id.in_(runs), batches.c.committed_at >= min(times))
    of_run: dict[int, list[AnyRow]] = defaultdict(list)
    for row in await connection.execute(found.order_by(batches.c.committed_at, batches.c.sequence)):
        of_run[row.run_id].append(row)
    first = {(run, at): next((row for row in of_run[run] if row.committed_at >= at), None) for run, at in writes}
    return {write: row for write, row in first.items() if row is not None}


async def counts(connection: AsyncConnection, run_ids: Sequence[int]) -> dict[int, int]:
    """How many batches each run committed."""
    return await grouped.count(connection, _BATCHES, batches.c.run_id, run_ids)


def _ordering(run_id: int) -> Ordering:
    return Ordering((Term(batches.c.sequence),), batches.c.id, f"batches of run {run_id}")

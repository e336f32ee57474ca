"""How many runs of each source stand where, counted in the transaction that ends them.

So totals cost the same however many runs there were.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Subquery, delete, func, insert, literal, select, text, union_all

from db.aio import AsyncConnection
from db.bulk import BulkInsert
from db.enums import ACTIVE, RunStatus
from db.tables import IS_ACTIVE, run_totals, runs

_COLUMNS = ("source", "status", "run_count", "records_processed", "last_finished_at")
_ADD = BulkInsert(
    run_totals,
    _COLUMNS,
    """ON CONFLICT (source, status) DO UPDATE SET
       run_count = etl_run_totals.run_count + excluded.run_count,
       records_processed = etl_run_totals.records_processed + excluded.records_processed,
       last_finished_at = CASE WHEN etl_run_totals.last_finished_at > excluded.last_finished_at
                               THEN etl_run_totals.last_finished_at ELSE excluded.last_finished_at END""",
)


@dataclass(frozen=True, slots=True)
class RunCount:
    """The runs of one source with one status: how many, their records, and when the last of them finished."""

    source: str
    status: RunStatus
    count: int
    records_processed: int
    last_finished_at: datetime | None


async def add(connection: AsyncConnection, ended: RunCount) -> None:
    """Count a run, in the transaction that ends it."""
    row = (ended.source, ended.status.value, ended.count, ended.records_processed, ended.last_finished_at)
    await _ADD.run(connection, [row])


def every() -> Subquery:
    """All runs by source and status: those that ended by their counters, the others, one a source, by themselves."""
    going = select(
        runs.c.source, runs.c.status, literal(1, BigInteger), runs.c.records_processed, runs.c.run_finished_at
    ).where(IS_ACTIVE)
    return union_all(select(*(run_totals.c[name] for name in _COLUMNS)), going).subquery()


async def by_source_and_status(connection: AsyncConnection) -> list[RunCount]:
    """In one statement; combinations that never occurred are left out."""
    rows = await connection.execute(select(every()))
    return [RunCount(row[0], RunStatus(row[1]), *row[2:]) for row in rows]


async def recount(connection: AsyncConnection) -> None:
    """Count everything again from the runs themselves, while no run can end (slow on purpose: it reads them whole)."""
    ended = select(
        runs.c.source,
        runs.c.status,
        func.count(),
        func.sum(runs.c.records_processed),
        func.max(runs.c.run_finished_at),
    ).where(runs.c.status.not_in(ACTIVE))
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"LOCK TABLE {run_totals.name} IN EXCLUSIVE MODE"))
    await connection.execute(delete(run_totals))
    await connection.execute(insert(run_totals).from_select(_COLUMNS, ended.group_by(runs.c.source, runs.c.status)))

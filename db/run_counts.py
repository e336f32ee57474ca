"""How many runs of each source stand where, for the metrics."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from db.aio import AsyncConnection
from db.enums import RunStatus
from db.tables import runs


@dataclass(frozen=True, slots=True)
class RunCount:
    """The runs of one source with one status: how many, their records, and when the last of them finished."""

    source: str
    status: RunStatus
    count: int
    records_processed: int
    last_finished_at: datetime | None


async def by_source_and_status(connection: AsyncConnection) -> list[RunCount]:
    """In one statement; combinations that never occurred are left out."""
    counted = select(
        runs.c.source,
        runs.c.status,
        func.count(),
        func.sum(runs.c.records_processed),
        func.max(runs.c.run_finished_at),
    ).group_by(runs.c.source, runs.c.status)
    rows = (await connection.execute(counted)).all()
    # PostgreSQL sums bigints as decimals.
    return [RunCount(row[0], RunStatus(row[1]), row[2], int(row[3]), row[4]) for row in rows]

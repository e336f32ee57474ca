"""What is known of a source beside its runs: paused or not, and when it last went well or badly.

Query functions never commit.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update

from db import leases
from db.aio import AsyncConnection
from db.clock import now
from db.enums import RunStatus
from db.tables import runs, sources

_WENT_BADLY = (RunStatus.FAILED, RunStatus.ABANDONED)


@dataclass(frozen=True, slots=True)
class Failure:
    """The last run of a source that went badly."""

    at: datetime
    status: RunStatus
    error: str | None


async def paused(connection: AsyncConnection) -> set[str]:
    """The names of paused sources."""
    found = select(sources.c.source).where(sources.c.paused_at.is_not(None))
    return set((await connection.execute(found)).scalars())


async def pause(connection: AsyncConnection, source: str) -> None:
    """Let nothing start the source's runs; a paused one stays paused since when it was."""
    # Whoever starts a run holds the same lock, so that none slips through.
    await leases.lock(connection, source)
    since = func.coalesce(sources.c.paused_at, now())
    done = await connection.execute(update(sources).where(sources.c.source == source).values(paused_at=since))
    if done.rowcount == 0:
        await connection.execute(insert(sources).values(source=source, paused_at=now()))


async def resume(connection: AsyncConnection, source: str) -> None:
    await connection.execute(update(sources).where(sources.c.source == source).values(paused_at=None))


async def last_successes(connection: AsyncConnection) -> dict[str, datetime]:
    """When each source's last successful run finished."""
    found = (
        select(runs.c.source, func.max(runs.c.run_finished_at))
        .where(runs.c.status == RunStatus.SUCCESS)
        .group_by(runs.c.source)
    )
    return {row[0]: row[1] for row in await connection.execute(found)}


async def last_failures(connection: AsyncConnection) -> dict[str, Failure]:
    """The last run of each source that failed or was found dead."""
    latest = select(func.max(runs.c.id)).where(runs.c.status.in_(_WENT_BADLY)).group_by(runs.c.source)
    rows = await connection.execute(select(runs).where(runs.c.id.in_(latest)))
    return {row.source: Failure(row.run_finished_at, RunStatus(row.status), row.error) for row in rows}

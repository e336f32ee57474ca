"""Reading runs: listing, counting and finding them. Asking for, starting and ending them is in `runs`."""

from collections.abc import Iterable
from types import SimpleNamespace

from sqlalchemy import Select, func, select

from db.aio import AsyncConnection
from db.enums import RunMode, RunStatus
from db.filters import Field
from db.keyset import AnyRow
from db.newest_first import NewestFirst
from db.runs import Run
from db.tables import IS_ACTIVE, runs

FIELDS: dict[str, Field] = {
    "source": Field(runs.c.source, folded=True),
    "status": Field(runs.c.status),
    "trigger": Field(runs.c.trigger),
    "started_at": Field(runs.c.run_started_at, nullable=True),
}


RUNS = NewestFirst(runs, tuple(column.name for column in runs.c), FIELDS)


async def by_ids(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, Run]:
    """Those of the runs that exist, in one statement."""
    return {row_id: Run.from_row(row) for row_id, row in (await RUNS.by_ids(connection, ids)).items()}


async def latest_by_source(connection: AsyncConnection) -> dict[str, Run]:
    """The run asked for last, of each source that ever had one."""
    newest = select(func.max(runs.c.id)).group_by(runs.c.source)
    return {run.source: run for run in await _all(connection, select(runs).where(runs.c.id.in_(newest)))}


async def active_by_source(connection: AsyncConnection) -> dict[str, Run]:
    """The queued or running run of each source that has one."""
    return {run.source: run for run in await _all(connection, select(runs).where(IS_ACTIVE))}


async def passes_before(connection: AsyncConnection, run: Run, *, replays: bool, limit: int) -> list[Run]:
    """Whole successful passes of the run's source that were asked for before it, the newest first."""
    replay = runs.c.mode == RunMode.REPLAY
    found = select(runs).where(
        runs.c.source == run.source,
        runs.c.id < run.id,
        runs.c.status == RunStatus.SUCCESS,
        runs.c.start_position == 0,
        replay if replays else ~replay,
    )
    return await _all(connection, found.order_by(runs.c.id.desc()).limit(limit))


def run_of(row: AnyRow) -> Run:
    """The run of a page's row, which carries its sort key as well."""
    return Run.from_row(SimpleNamespace(_mapping={column.name: row._mapping[column.name] for column in runs.c}))


async def _all(connection: AsyncConnection, query: Select[tuple[int]]) -> list[Run]:
    return [Run.from_row(row) for row in await connection.execute(query)]

"""Reading runs: listing, counting and finding them. Asking for, starting and ending them is in `runs`."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import filters, keyset
from db.cursors import INT64
from db.enums import ACTIVE
from db.filters import Condition, Field
from db.keyset import AnyRow, Ordering, Slice, Term
from db.runs import Run
from db.tables import runs

FIELDS: dict[str, Field] = {
    "source": Field(runs.c.source, folded=True),
    "status": Field(runs.c.status),
    "trigger": Field(runs.c.trigger),
    "started_at": Field(runs.c.run_started_at, nullable=True),
}


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of runs, each with its cursor."""

    runs: list[Run]
    cursors: list[str]
    has_next: bool
    has_previous: bool


async def page(
    connection: AsyncConnection, condition: Condition | None, wanted: Slice, *, both_ends: bool = True
) -> RunPage:
    """A page of runs, the newest request first. Raises InvalidCursor and BadFilter."""
    ordering = Ordering((Term(runs.c.id, descending=True),), runs.c.id, repr(("runs", condition)))
    query = select(runs).where(*_conditions(condition))
    found = await keyset.fetch(connection, query, ordering, wanted, both_ends=both_ends)
    return RunPage(
        [_run(row) for row in found.rows],
        [found.cursor(row) for row in found.rows],
        found.has_next,
        found.has_previous,
    )


async def count(connection: AsyncConnection, condition: Condition | None) -> int:
    """How many runs meet the condition. Raises BadFilter."""
    counted = select(func.count()).select_from(runs).where(*_conditions(condition))
    return int((await connection.execute(counted)).scalar_one())


async def by_ids(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, Run]:
    """Those of the runs that exist, in one statement."""
    wanted = [run_id for run_id in set(ids) if run_id in INT64]
    if not wanted:
        return {}
    return {run.id: run for run in await _all(connection, select(runs).where(runs.c.id.in_(wanted)))}


async def latest_by_source(connection: AsyncConnection) -> dict[str, Run]:
    """The run asked for last, of each source that ever had one."""
    newest = select(func.max(runs.c.id)).group_by(runs.c.source)
    return {run.source: run for run in await _all(connection, select(runs).where(runs.c.id.in_(newest)))}


async def active_by_source(connection: AsyncConnection) -> dict[str, Run]:
    """The queued or running run of each source that has one."""
    # Written as the partial index is, so that it is used.
    active = select(runs).where(runs.c.status.in_(ACTIVE))
    return {run.source: run for run in await _all(connection, active)}


def _conditions(condition: Condition | None) -> list[ColumnElement[bool]]:
    return [] if condition is None else [filters.to_sql(FIELDS, condition)]


def _run(row: AnyRow) -> Run:
    """The run of a page's row, which carries its sort key as well."""
    return Run.from_row(SimpleNamespace(_mapping={column.name: row._mapping[column.name] for column in runs.c}))


async def _all(connection: AsyncConnection, query: Select[tuple[int]]) -> list[Run]:
    return [Run.from_row(row) for row in await connection.execute(query)]

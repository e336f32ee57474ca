"""Totals over the whole database and per source, in a constant number of statements."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, case, cast, func, select

from db import holdings
from db.aio import AsyncConnection
from db.engine import Database
from db.enums import RunStatus
from db.holdings import Holdings
from db.keyset import AnySelect
from db.tables import runs, sources
from db.walks import Columns, Row


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What became of the runs. `failed` counts failed and abandoned ones."""

    run_count: int = 0
    succeeded: int = 0
    failed: int = 0
    records_processed: int = 0
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything, and each source that ever did or holds anything."""

    asset_count: int
    raw_count: int
    runs: RunTotals
    runs_by_source: dict[str, RunTotals] = field(default_factory=dict)
    holdings_by_source: dict[str, Holdings] = field(default_factory=dict)


FAILED = (RunStatus.FAILED, RunStatus.ABANDONED)
_SUCCEEDED, _FAILED = runs.c.status == RunStatus.SUCCESS, runs.c.status.in_(FAILED)


async def read(connection: AsyncConnection) -> Totals:
    """All totals, in two statements."""
    held = await holdings.by_source(connection)
    by_source = await run_totals(connection)
    return Totals(
        asset_count=sum(each.asset_count for each in held.values()),
        raw_count=sum(each.raw_count for each in held.values()),
        runs=_summed(list(by_source.values())),
        runs_by_source=by_source,
        holdings_by_source=held,
    )


async def run_totals(connection: AsyncConnection) -> dict[str, RunTotals]:
    """What became of each source's runs; sources that never ran are left out."""
    totals = select(
        runs.c.source,
        func.count(),
        _count_if(_SUCCEEDED),
        _count_if(_FAILED),
        _sum(runs.c.records_processed),
        _latest_if(_SUCCEEDED),
        _latest_if(_FAILED),
    ).group_by(runs.c.source)
    rows = (await connection.execute(totals)).all()
    return {row[0]: RunTotals(*row[1:]) for row in rows}


@dataclass(frozen=True, slots=True)
class TotalsRead:
    """The totals of everything, as a row of these columns: `Totals`' and `RunTotals`' own, each by its name."""

    columns: Columns

    async def read(self, database: Database) -> Row:
        """In one statement, straight through the driver. Raises NotDirect."""
        [row] = await database.direct.rows(("totals", self.columns), self._build, {})
        return row

    def _build(self) -> AnySelect:
        held = select(_sum(sources.c.asset_count), _sum(sources.c.raw_count)).subquery()
        done = select(
            func.count().label("run_count"),
            _count_if(_SUCCEEDED).label("succeeded"),
            _count_if(_FAILED).label("failed"),
            _sum(runs.c.records_processed),
            _latest_if(_SUCCEEDED).label("last_success_at"),
            _latest_if(_FAILED).label("last_failure_at"),
        ).subquery()
        # What is of neither is not read from it.
        return select(*(held.c[name] if name in held.c else done.c[name] for name in self.columns))


def _sum(column: Column[Any]) -> ColumnElement[int]:
    # PostgreSQL sums bigints as decimals.
    return cast(func.coalesce(func.sum(column), 0), BigInteger).label(column.name)


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _latest_if(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.max(case((condition, runs.c.run_finished_at)))


def _summed(parts: list[RunTotals]) -> RunTotals:
    return RunTotals(
        run_count=sum(part.run_count for part in parts),
        succeeded=sum(part.succeeded for part in parts),
        failed=sum(part.failed for part in parts),
        records_processed=sum(part.records_processed for part in parts),
        last_success_at=_newest(part.last_success_at for part in parts),
        last_failure_at=_newest(part.last_failure_at for part in parts),
    )


def _newest(times: Any) -> datetime | None:
    return max((time for time in times if time is not None), default=None)

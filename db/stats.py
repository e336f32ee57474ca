"""Totals over the whole database and per source, in a constant number of statements."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from db import holdings
from db.aio import AsyncConnection
from db.enums import RunStatus
from db.holdings import Holdings
from db.tables import runs


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
    succeeded, failed = runs.c.status == RunStatus.SUCCESS, runs.c.status.in_(FAILED)
    totals = select(
        runs.c.source,
        func.count(),
        _count_if(succeeded),
        _count_if(failed),
        func.sum(runs.c.records_processed),
        _latest_if(succeeded),
        _latest_if(failed),
    ).group_by(runs.c.source)
    rows = (await connection.execute(totals)).all()
    # PostgreSQL sums bigints as decimals.
    return {row[0]: RunTotals(row[1], row[2], row[3], int(row[4]), row[5], row[6]) for row in rows}


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

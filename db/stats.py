"""Totals over the whole database and per source, in a constant number of statements."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.enums import RunStatus
from db.tables import assets, raw_assets, runs


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
class Holdings:
    """What is stored of a source. The times are the newest of any of its assets."""

    asset_count: int = 0
    newest_last_updated: datetime | None = None
    newest_updated_at: datetime | None = None


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
    """All totals, in three statements."""
    by_source = await holdings(connection)
    by_run_source = await run_totals(connection)
    raw_count = int((await connection.execute(select(func.count()).select_from(raw_assets))).scalar_one())
    return Totals(
        asset_count=sum(held.asset_count for held in by_source.values()),
        raw_count=raw_count,
        runs=_summed(list(by_run_source.values())),
        runs_by_source=by_run_source,
        holdings_by_source=by_source,
    )


async def holdings(connection: AsyncConnection) -> dict[str, Holdings]:
    """How many assets each source has and how new they are; sources without assets are left out."""
    counted = select(
        assets.c.source, func.count(), func.max(assets.c.last_updated), func.max(assets.c.updated_at)
    ).group_by(assets.c.source)
    return {row[0]: Holdings(*row[1:]) for row in await connection.execute(counted)}


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

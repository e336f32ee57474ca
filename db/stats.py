"""Totals over the whole database: what is counted is added up."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import BigInteger, ColumnElement, Label, case, cast, func, select

from db import holdings, run_counts
from db.aio import AsyncConnection
from db.engine import Database
from db.enums import RunStatus
from db.keyset import AnySelect
from db.run_counts import RunCount
from db.tables import sources
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

    @classmethod
    def of(cls, counts: Collection[RunCount]) -> Self:
        """Of all runs that were counted."""
        succeeded = [each for each in counts if each.status is RunStatus.SUCCESS]
        failed = [each for each in counts if each.status in FAILED]
        return cls(
            run_count=sum(each.count for each in counts),
            succeeded=sum(each.count for each in succeeded),
            failed=sum(each.count for each in failed),
            records_processed=sum(each.records_processed for each in counts),
            last_success_at=_newest(succeeded),
            last_failure_at=_newest(failed),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything."""

    asset_count: int
    raw_count: int
    runs: RunTotals


FAILED = (RunStatus.FAILED, RunStatus.ABANDONED)


async def read(connection: AsyncConnection) -> Totals:
    """All totals, in two statements."""
    held = (await holdings.by_source(connection)).values()
    return Totals(
        asset_count=sum(each.asset_count for each in held),
        raw_count=sum(each.raw_count for each in held),
        runs=RunTotals.of(await run_counts.by_source_and_status(connection)),
    )


@dataclass(frozen=True, slots=True)
class TotalsRead:
    """The totals of everything, as a row of these columns: `Totals`' and `RunTotals`' own, each by its name."""

    columns: Columns

    async def read(self, database: Database) -> Row:
        """In one statement, straight through the driver. Raises NotDirect."""
        if not self.columns:
            return ()
        [row] = await database.direct.rows(("totals", self.columns), self._build, {})
        return row

    def _build(self) -> AnySelect:
        held = select(_sum(sources.c.asset_count), _sum(sources.c.raw_count)).subquery()
        runs = run_counts.every().c
        succeeded, failed = runs.status == RunStatus.SUCCESS, runs.status.in_(FAILED)
        done = select(
            _sum(runs.run_count),
            _sum(runs.run_count, succeeded).label("succeeded"),
            _sum(runs.run_count, failed).label("failed"),
            _sum(runs.records_processed),
            func.max(case((succeeded, runs.last_finished_at))).label("last_success_at"),
            func.max(case((failed, runs.last_finished_at))).label("last_failure_at"),
        ).subquery()
        # What is of neither is not read from it.
        return select(*(held.c[name] if name in held.c else done.c[name] for name in self.columns))


def _sum(column: ColumnElement[Any], where: ColumnElement[bool] | None = None) -> Label[int]:
    counted = column if where is None else case((where, column))
    # PostgreSQL sums bigints as decimals.
    return cast(func.coalesce(func.sum(counted), 0), BigInteger).label(column.key or "")


def _newest(counts: Iterable[RunCount]) -> datetime | None:
    return max((each.last_finished_at for each in counts if each.last_finished_at is not None), default=None)

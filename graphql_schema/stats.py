"""Totals over everything."""

from datetime import datetime
from typing import Self

import strawberry

from db import stats
from graphql_schema import scalars
from graphql_schema.context import Info
from graphql_schema.fields import described
from graphql_schema.source import Source


@strawberry.type(description="Totals over everything stored.")
class Stats:
    """See db.stats. Counts are shown as 2147483647 where they are larger."""

    asset_count: int = strawberry.field(description="Assets, each source's counted apart.")
    raw_count: int = strawberry.field(description="Raw records: all versions of all upstream records.")
    run_count: int = strawberry.field(description="Runs, in any state.")
    succeeded: int = strawberry.field(description="Runs that reached their window's end.")
    failed: int = strawberry.field(description="Runs that failed, or whose process vanished.")
    records_processed: int = strawberry.field(
        description="Records committed by all runs together; at most 2147483647 is shown, GraphQL's largest Int."
    )
    last_success_at: datetime | None = strawberry.field(description="When a run last succeeded.")
    last_failure_at: datetime | None = strawberry.field(description="When a run last failed.")

    @classmethod
    def from_totals(cls, totals: stats.Totals) -> Self:
        return cls(
            asset_count=scalars.count(totals.asset_count),
            raw_count=scalars.count(totals.raw_count),
            run_count=scalars.count(totals.runs.run_count),
            succeeded=scalars.count(totals.runs.succeeded),
            failed=scalars.count(totals.runs.failed),
            records_processed=scalars.count(totals.runs.records_processed),
            last_success_at=totals.runs.last_success_at,
            last_failure_at=totals.runs.last_failure_at,
        )

    @described("Every source.")
    def sources(self, info: Info) -> list[Source]:
        return Source.every(info)

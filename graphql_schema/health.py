"""How the service is doing."""

from typing import Self

import strawberry

from graphql_schema.enums import HealthStatus
from graphql_schema.operations import HealthReport


@strawberry.type(description="How the service is doing.")
class Health:
    """See operations.HealthReport."""

    status: HealthStatus = strawberry.field(description="Overall.")
    database: bool = strawberry.field(description="Whether the database answers.")
    scheduler_running: bool = strawberry.field(description="Whether runs are started on schedule.")
    version: str = strawberry.field(description="Version of the service.")
    reasons: list[str] = strawberry.field(description="What is wrong, for people; empty when all is well.")

    @classmethod
    def from_report(cls, report: HealthReport) -> Self:
        return cls(
            status=HealthStatus(report.status.value),
            database=report.database,
            scheduler_running=report.scheduler_running,
            version=report.version,
            reasons=report.reasons,
        )

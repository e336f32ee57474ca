"""What can be said of the process and its database."""

from dataclasses import dataclass, field
from datetime import datetime

import structlog

from app.services import Services
from db import run_reader, runs, source_states
from db.runs import Run
from graphql_schema.operations import HealthLevel

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look showed. Without arguments: that nothing could be seen. `scheduler_running` is None if unknown."""

    level: HealthLevel = HealthLevel.DOWN
    database: bool = False
    scheduler_running: bool | None = None
    reasons: list[str] = field(default_factory=lambda: ["the database does not answer"])
    latest: Run | None = None
    latest_by_source: dict[str, Run] = field(default_factory=dict)
    successes: dict[str, datetime] = field(default_factory=dict)


async def look_at(services: Services) -> Finding:
    """Raises DatabaseError, and may take as long as the database does."""
    report = await services.operations.health()
    if not report.database:
        # The report's reasons say where the database is; that is for the log.
        _log.warning("http.health_check_failed", error="; ".join(report.reasons))
        return Finding(scheduler_running=report.scheduler_running)
    async with services.database.read() as connection:
        return Finding(
            level=report.status,
            database=True,
            scheduler_running=report.scheduler_running,
            reasons=report.reasons,
            latest=await runs.latest(connection),
            latest_by_source=await run_reader.latest_by_source(connection),
            successes=await source_states.last_successes(connection),
        )

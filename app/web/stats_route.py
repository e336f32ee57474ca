"""What became of the runs, over all sources and of each: /stats."""

from datetime import datetime
from typing import Any

from starlette.responses import Response

from app.web.json_answer import json_answer
from app.web.state import AppRequest
from db import run_counts, run_reader
from db.runs import Run
from db.stats import RunTotals


async def run_stats(request: AppRequest) -> Response:
    """The latest run and totals, in two statements whatever the number of runs."""
    services = request.state["services"]
    async with services.database.read() as connection:
        counts = await run_counts.by_source_and_status(connection)
        latest = await run_reader.latest_by_source(connection)
    names = [state.name for state in services.operations.source_states()]
    names += sorted({each.source for each in counts} - set(names))
    last = max(latest.values(), key=lambda run: run.id, default=None)
    by_source = {name: RunTotals.of([each for each in counts if each.source == name]) for name in names}
    return json_answer(
        {
            **_body(last, RunTotals.of(counts)),
            "sources": {name: _body(latest.get(name), totals) for name, totals in by_source.items()},
        }
    )


def _body(latest: Run | None, totals: RunTotals) -> dict[str, Any]:
    """The first three tell of the latest run, be it still waiting; before any run they are null, 0 and null."""
    return {
        "status": latest.status if latest else None,
        "records_processed": latest.records_processed if latest else 0,
        "last_run_timestamp": _moment(latest) if latest else None,
        "total_runs": totals.run_count,
        "succeeded": totals.succeeded,
        "failed": totals.failed,
        "last_success": totals.last_success_at,
        "last_failure": totals.last_failure_at,
    }


def _moment(run: Run) -> datetime:
    """The last that is known to have happened to a run: its end, its start, or its being asked for."""
    return run.run_finished_at or run.run_started_at or run.requested_at

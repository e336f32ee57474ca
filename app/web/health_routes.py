"""Is the service all right? For people and monitors: /health, /metrics. For orchestrators: /livez, /readyz."""

from importlib.metadata import version
from typing import Any

from starlette.responses import Response

from app.services import Services
from app.web import metrics
from app.web.errors import database_unavailable, problem
from app.web.health import Finding
from app.web.json_answer import json_answer
from app.web.state import AppRequest
from db.errors import DatabaseError, SchemaBehind
from db.runs import Run
from graphql_schema.operations import HealthLevel, SourceState


async def health(request: AppRequest) -> Response:
    """200 when data is served (perhaps `degraded`), 503 when the database is gone."""
    finding = await request.state["looks"].health()
    status = 503 if finding.level is HealthLevel.DOWN else 200
    return json_answer(_health_body(request.state["services"], finding), status)


async def ready(request: AppRequest) -> Response:
    """200 when the database answers and has the tables this code needs, else 503."""
    try:
        await request.state["looks"].schema()
    except SchemaBehind as behind:
        return problem(503, str(behind), code="SCHEMA_BEHIND")
    except (DatabaseError, TimeoutError):
        return database_unavailable()
    return json_answer({"status": "ready"})


async def live(_: AppRequest) -> Response:
    """200 as long as the process answers at all."""
    return json_answer({"status": "alive"})


async def prometheus(request: AppRequest) -> Response:
    """200 even without a database, whose metrics are then missing but for `kasparro_database_up 0`."""
    snapshot = await request.state["looks"].figures()
    return Response(metrics.render(request.state["metrics"], snapshot), media_type=metrics.MEDIA_TYPE)


def _health_body(services: Services, finding: Finding) -> dict[str, Any]:
    states = services.operations.source_states()
    return {
        "status": finding.level,
        "version": version("kasparro"),
        "db": {"status": "ok" if finding.database else "down", "kind": services.database.kind},
        "scheduler": {
            "running": finding.scheduler_running,
            "next_runs": {state.name: state.next_run_at for state in states},
        },
        "last_etl": _run_body(finding.latest),
        "sources": {state.name: _source_body(state, finding) for state in states},
        "reasons": finding.reasons,
    }


def _source_body(state: SourceState, finding: Finding) -> dict[str, Any]:
    return {
        "enabled": state.enabled,
        "schedule": state.schedule,
        "next_run_at": state.next_run_at,
        "last_success_at": finding.successes.get(state.name),
        "last_run": _run_body(finding.latest_by_source.get(state.name)),
    }


def _run_body(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "run_id": run.id,
        "source": run.source,
        "mode": run.mode,
        "trigger": run.trigger,
        "status": run.status,
        "records_processed": run.records_processed,
        "requested_at": run.requested_at,
        "run_started_at": run.run_started_at,
        "run_finished_at": run.run_finished_at,
        "injected_failure": run.injected_failure,
        "error": run.error,
    }

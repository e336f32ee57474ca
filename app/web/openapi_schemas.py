"""The shapes of the REST answers, as JSON Schema."""

from typing import Any

from db.enums import RunMode, RunStatus, RunTrigger
from graphql_schema.operations import HealthLevel

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if "type" in schema and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _text(description: str, **more: Any) -> Schema:
    return {"type": "string", "description": description, **more}


def _integer(description: str) -> Schema:
    return {"type": "integer", "description": description}


def _figure(description: str) -> Schema:
    return {"type": ["number", "null"], "description": description}


def _moment(description: str) -> Schema:
    return _text(description, format="date-time")


def _flag(description: str) -> Schema:
    return {"type": "boolean", "description": description}


def _object(properties: dict[str, Schema], **more: Any) -> Schema:
    """Every property is always there; what is unknown is null."""
    return {"type": "object", "required": list(properties), "properties": properties, **more}


def _map(values: Schema, description: str) -> Schema:
    return {"type": "object", "description": description, "additionalProperties": values}


def _words(words: type[RunStatus | RunMode | RunTrigger | HealthLevel]) -> Schema:
    return {"type": "string", "enum": [word.value for word in words]}


_ASSET = _object(
    {
        "id": _text("The asset's global id in the graph."),
        "external_id": _text("The source's own id of the asset."),
        "symbol": _text("Ticker symbol as the source writes it. Not unique."),
        "name": _text("Name as the source writes it."),
        "source": _text("Name of the source."),
        "rank": nullable(_integer("Rank by market value, 1 is the largest.")),
        "price_usd": _figure("Price in US dollars."),
        "market_cap_usd": _figure("Market value in US dollars."),
        "volume_24h_usd": _figure("Trading volume of the last 24 hours, in US dollars."),
        "percent_change_1h": _figure("Change of the price in an hour; 1.5 means 1.5 %."),
        "percent_change_24h": _figure("Change of the price in 24 hours; 1.5 means 1.5 %."),
        "percent_change_7d": _figure("Change of the price in 7 days; 1.5 means 1.5 %."),
        "circulating_supply": _figure("Coins in circulation."),
        "total_supply": _figure("Coins that exist."),
        "max_supply": _figure("Coins that will ever exist."),
        "ath_usd": _figure("Highest price ever, in US dollars."),
        "ath_at": nullable(_moment("When the price was highest.")),
        "last_updated": nullable(_moment("When the source last changed the figures.")),
        "first_seen_at": _moment("When the asset was first stored."),
        "updated_at": _moment("When the asset was last written."),
    },
    description="One coin as one source reports it. Null means that the source does not know.",
)
_PAGING = _object(
    {
        "limit": _integer("The most assets this page could hold."),
        "offset": _integer("How many assets were skipped; 0 with a cursor."),
        "total": _integer("How many assets q and source leave in all."),
        "has_more": _flag("Whether there are assets behind this page."),
        "next_cursor": nullable(_text("The cursor of the next page, null on the last one.")),
    }
)
_DATA = _object(
    {
        "request_id": _text("The request's id, as in X-Request-Id."),
        "api_latency_ms": {"type": "number", "description": "Milliseconds it took to find the data."},
        "paging": ref("Paging"),
        "data": {"type": "array", "items": ref("Asset")},
    }
)
_RUN = _object(
    {
        "run_id": _integer("The run's number, as in the logs."),
        "source": _text("Name of the source."),
        "mode": _words(RunMode),
        "trigger": _words(RunTrigger),
        "status": _words(RunStatus),
        "records_processed": _integer("Records committed."),
        "requested_at": _moment("When the run was asked for."),
        "run_started_at": nullable(_moment("When it started.")),
        "run_finished_at": nullable(_moment("When it ended.")),
        "injected_failure": _flag("Whether it was made to fail (ETL_FAIL_AFTER_N_RECORDS)."),
        "error": nullable(_text("Why it did not succeed.")),
    }
)
_SOURCE_HEALTH = _object(
    {
        "enabled": _flag("Whether the source is among ETL_SOURCES."),
        "schedule": nullable(_text("Cron line or interval; null when it is off.")),
        "next_run_at": nullable(_moment("When it is due next.")),
        "last_success_at": nullable(_moment("When a run last succeeded.")),
        "last_run": nullable(ref("Run")),
    }
)
_HEALTH = _object(
    {
        "status": {**_words(HealthLevel), "description": "degraded: data is served, but is old or will become so."},
        "version": _text("Version of the service."),
        "db": _object({"status": {"type": "string", "enum": ["ok", "down"]}, "kind": _text("sqlite or postgresql.")}),
        "scheduler": _object(
            {
                "running": nullable(_flag("Whether runs are started on schedule; null when that could not be seen.")),
                "next_runs": _map(nullable(_moment("")), "When each source is due next."),
            }
        ),
        "last_etl": {**nullable(ref("Run")), "description": "The run asked for last, of any source."},
        "sources": _map(ref("SourceHealth"), "Every known source."),
        "reasons": {"type": "array", "items": {"type": "string"}, "description": "What is wrong; empty when ok."},
    }
)
_RUN_STATS = {
    "status": {**nullable(_words(RunStatus)), "description": "How the latest run stands; null before the first."},
    "records_processed": _integer("Records the latest run committed."),
    "last_run_timestamp": nullable(
        _moment("When the latest run ended; if it has not, when it started or was asked for.")
    ),
    "total_runs": _integer("Runs in any state."),
    "succeeded": _integer("Runs that succeeded."),
    "failed": _integer("Runs that failed, or whose process vanished."),
    "last_success": nullable(_moment("When a run last succeeded.")),
    "last_failure": nullable(_moment("When a run last failed.")),
}
_PROBLEM = _object(
    {
        "type": _text("Always about:blank: `code` tells problems apart.", format="uri-reference"),
        "title": _text("The status in words."),
        "status": _integer("The HTTP status."),
        "detail": _text("What is wrong, for people."),
        "code": _text("What is wrong, for programs."),
        "request_id": nullable(_text("The request's id; the log has more under it.")),
    },
    description="RFC 9457 problem details.",
)
_PARAMETER_PROBLEM = {
    "allOf": [
        ref("Problem"),
        _object(
            {
                "errors": {
                    "type": "array",
                    "items": _object(
                        {"parameter": _text("Name of the parameter."), "detail": _text("What is wrong with it.")}
                    ),
                }
            }
        ),
    ]
}

SCHEMAS: dict[str, Schema] = {
    "Asset": _ASSET,
    "Paging": _PAGING,
    "Data": _DATA,
    "Run": _RUN,
    "SourceHealth": _SOURCE_HEALTH,
    "Health": _HEALTH,
    "SourceStats": _object(_RUN_STATS),
    "Stats": _object({**_RUN_STATS, "sources": _map(ref("SourceStats"), "The same of each known source.")}),
    "Status": _object({"status": _text("One word.")}),
    "Problem": _PROBLEM,
    "ParameterProblem": _PARAMETER_PROBLEM,
}

"""The OpenAPI document of the REST routes. The graph describes itself, at /graphql."""

from importlib.metadata import version
from typing import Any

from starlette.responses import Response

from app.exports.text_formats import CSV, NDJSON
from app.source_names import SOURCES
from app.web import data_files, errors, metrics
from app.web.json_answer import json_answer
from app.web.openapi_schemas import SCHEMAS, Schema, ref
from app.web.rest import DEEPEST_OFFSET, DEFAULT_LIMIT, LARGEST_LIMIT
from app.web.state import AppRequest
from db.catalog import SORTABLE
from db.filters import LONGEST_NEEDLE

_DESCRIPTION = """Crypto market data from several sources. The full interface is the graph at `/graphql`; these \
routes are for callers that want plain JSON. Times are ISO 8601 in UTC. Every answer carries `X-Request-Id` and \
`X-Api-Latency-Ms`; a well-formed `X-Request-Id` of the caller's is kept."""

_FILES = """Streams while it reads, in parts, so assets that change meanwhile show as they are when their part is \
read. In the default order, by id, each is there exactly once. An answer that is cut short ends without its last \
chunk, which HTTP clients report."""


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kasparro", "version": version("kasparro"), "description": _DESCRIPTION},
        "paths": {
            "/data": _for_readers(_data()),
            "/data.csv": _for_readers(_data_file("All assets as CSV, with a header line", CSV.media_type)),
            "/data.ndjson": _for_readers(_data_file("All assets as lines of JSON", NDJSON.media_type)),
            "/stats": _for_readers(_get("What became of the runs", ref("Stats"), others=_UNAVAILABLE)),
            "/health": _get("Is everything all right?", ref("Health"), others={"503": _DOWN}),
            "/livez": _get("Does the process answer?", ref("Status")),
            "/readyz": _get("Can requests be served?", ref("Status"), others=_UNAVAILABLE),
            "/metrics": _for_readers(_get("Prometheus metrics", {"type": "string"}, media_type=metrics.MEDIA_TYPE)),
            "/openapi.json": _get("This document", {"type": "object"}),
        },
        "components": {"schemas": SCHEMAS, "headers": _HEADERS, "securitySchemes": _TOKEN},
    }


async def openapi(_: AppRequest) -> Response:
    return json_answer(document())


def _data() -> dict[str, Any]:
    others = {"304": _NOT_MODIFIED, "422": _BAD_PARAMETERS, **_UNAVAILABLE}
    found = _get("List assets", ref("Data"), _data_parameters(), others)
    found["get"]["responses"]["200"]["headers"].update(_CACHING)
    return found


def _data_file(summary: str, media_type: str) -> dict[str, Any]:
    others = {"422": _BAD_PARAMETERS, **_UNAVAILABLE}
    wanted = [parameter for parameter in _data_parameters("id") if parameter["name"] in data_files.PARAMETERS]
    found = _get(summary, {"type": "string"}, wanted, others, media_type)
    found["get"]["description"] = _FILES
    found["get"]["responses"]["200"]["headers"]["Content-Disposition"] = {
        "description": "A name for the file.",
        "schema": {"type": "string"},
    }
    return found


def _for_readers(path: dict[str, Any]) -> dict[str, Any]:
    """Where API_READ_TOKEN is set, only with a token."""
    path["get"]["security"] = [{}, {"token": []}]
    path["get"]["responses"]["401"] = _NO_TOKEN
    return path


def _get(
    summary: str,
    schema: Schema,
    parameters: list[dict[str, Any]] | None = None,
    others: dict[str, Any] | None = None,
    media_type: str = "application/json",
) -> dict[str, Any]:
    responses = {"200": _answer("The answer.", media_type, schema), **(others or {}), **_ALWAYS}
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    if parameters:
        operation["parameters"] = parameters
    return {"get": operation}


def _answer(description: str, media_type: str, schema: Schema, **headers: Any) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {**{name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}, **headers},
        "content": {media_type: {"schema": schema}},
    }


def _data_parameters(sort: str = "rank") -> list[dict[str, Any]]:
    limit = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
    offset = {"type": "integer", "minimum": 0, "maximum": DEEPEST_OFFSET, "default": 0}
    text = {"type": "string", "maxLength": LONGEST_NEEDLE}
    sorts = [sign + name for name in SORTABLE for sign in ("", "-")]
    return [
        _parameter("limit", "The most assets to answer with.", limit),
        _parameter("offset", "How many assets to skip. Not together with cursor, which goes to any depth.", offset),
        _parameter("q", "Text to be found in symbol, name or external_id, whatever the case.", text),
        _parameter("source", "Only assets of this source.", {"type": "string", "enum": list(SOURCES)}),
        _parameter(
            "sort",
            "Column to sort by, - before it for descending. Unknown values come last; ties are broken by id.",
            {"type": "string", "enum": sorts, "default": sort},
        ),
        _parameter("cursor", "next_cursor of the page before, with the same q, source and sort.", {"type": "string"}),
        {
            "name": "If-None-Match",
            "in": "header",
            "description": "ETags of answers that are at hand; 304 if one still holds.",
            "schema": {"type": "string"},
        },
    ]


def _parameter(name: str, description: str, schema: Schema) -> dict[str, Any]:
    empty = {"allowEmptyValue": True} if schema["type"] == "string" else {}
    return {"name": name, "in": "query", "description": description, "schema": schema, **empty}


_HEADERS = {
    "X-Request-Id": {"description": "The request's id.", "schema": {"type": "string"}},
    "X-Api-Latency-Ms": {"description": "Milliseconds until the answer began.", "schema": {"type": "number"}},
}
_TOKEN = {"token": {"type": "http", "scheme": "bearer", "description": "Needed where API_READ_TOKEN is set."}}
_CACHING = {
    "ETag": {
        "description": "Of all of the answer but request_id and api_latency_ms: the same as long as the data is.",
        "schema": {"type": "string"},
    },
    "Cache-Control": {"description": "To be asked again each time.", "schema": {"type": "string"}},
}
_NOT_MODIFIED = {
    "description": "The client has this answer already.",
    "headers": {**{name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}, **_CACHING},
}
_RETRY_AFTER = {"description": "Seconds after which to try again.", "schema": {"type": "integer"}}
_BAD_PARAMETERS = _answer("A parameter cannot be used.", errors.MEDIA_TYPE, ref("ParameterProblem"))
_UNAVAILABLE = {
    "503": _answer("The database cannot be used.", errors.MEDIA_TYPE, ref("Problem"), **{"Retry-After": _RETRY_AFTER})
}
_CHALLENGE = {"description": "That a token is wanted.", "schema": {"type": "string"}}
_NO_TOKEN = _answer(
    "The read token is missing or wrong.", errors.MEDIA_TYPE, ref("Problem"), **{"WWW-Authenticate": _CHALLENGE}
)
_ALLOW = {"description": "The methods that the route knows.", "schema": {"type": "string"}}
_ALWAYS = {
    "421": _answer("The server is not known by the name in Host.", errors.MEDIA_TYPE, ref("Problem")),
    "405": _answer("The route does not know that method.", errors.MEDIA_TYPE, ref("Problem"), Allow=_ALLOW),
    "500": _answer("A mistake of ours; the log has more.", errors.MEDIA_TYPE, ref("Problem")),
}
_DOWN = _answer("The database is gone.", "application/json", ref("Health"))

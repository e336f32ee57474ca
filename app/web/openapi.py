"""The OpenAPI document of the REST routes. The graph describes itself, at /graphql."""

from importlib.metadata import version
from typing import Any

from starlette.responses import Response

from app.config import SOURCES
from app.web import errors, metrics
from app.web.json_answer import json_answer
from app.web.openapi_schemas import SCHEMAS, Schema, ref
from app.web.rest import DEEPEST_OFFSET, DEFAULT_LIMIT, LARGEST_LIMIT
from app.web.state import AppRequest
from db.catalog import SORTABLE
from db.filters import LONGEST_NEEDLE

_DESCRIPTION = """Crypto market data from several sources. The full interface is the graph at `/graphql`; these \
routes are for callers that want plain JSON. Times are ISO 8601 in UTC. Every answer carries `X-Request-Id` and \
`X-Api-Latency-Ms`; a well-formed `X-Request-Id` of the caller's is kept."""


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kasparro", "version": version("kasparro"), "description": _DESCRIPTION},
        "paths": {
            "/data": _data(),
            "/stats": _get("What became of the runs", ref("Stats"), others=_UNAVAILABLE),
            "/health": _get("Is everything all right?", ref("Health"), others={"503": _DOWN}),
            "/livez": _get("Does the process answer?", ref("Status")),
            "/readyz": _get("Can requests be served?", ref("Status"), others=_UNAVAILABLE),
            "/metrics": _get("Prometheus metrics", {"type": "string"}, media_type=metrics.MEDIA_TYPE),
            "/openapi.json": _get("This document", {"type": "object"}),
        },
        "components": {"schemas": SCHEMAS, "headers": _HEADERS},
    }


async def openapi(_: AppRequest) -> Response:
    return json_answer(document())


def _data() -> dict[str, Any]:
    others = {"304": _NOT_MODIFIED, "422": _BAD_PARAMETERS, **_UNAVAILABLE}
    found = _get("List assets", ref("Data"), _data_parameters(), others)
    found["get"]["responses"]["200"]["headers"].update(_CACHING)
    return found


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


def _data_parameters() -> list[dict[str, Any]]:
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
            {"type": "string", "enum": sorts, "default": "rank"},
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
_ALLOW = {"description": "The methods that the route knows.", "schema": {"type": "string"}}
_ALWAYS = {
    "405": _answer("The route does not know that method.", errors.MEDIA_TYPE, ref("Problem"), Allow=_ALLOW),
    "500": _answer("A mistake of ours; the log has more.", errors.MEDIA_TYPE, ref("Problem")),
}
_DOWN = _answer("The database is gone.", "application/json", ref("Health"))

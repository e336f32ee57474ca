"""The OpenAPI document says what the routes really take and answer."""

from typing import Any

import httpx
import pytest

from app.web.openapi import document
from app.web.rest import PARAMETERS
from db.engine import Database
from tests.app.serving import only_sqlite
from tests.graphql_schema import rows

DOCUMENT = document()
ROUTES = list(DOCUMENT["paths"])
DATA = {one["name"]: one["schema"] for one in DOCUMENT["paths"]["/data"]["get"]["parameters"] if one["in"] == "query"}
TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = DOCUMENT
    for part in schema["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether the value is as described, with nothing undescribed in it."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return any(fits(value, one) for one in schema["anyOf"])
    if "allOf" in schema:
        parts = [resolved(one) for one in schema["allOf"]]
        whole = {"properties": {name: one for part in parts for name, one in part["properties"].items()}}
        return fits(value, {"type": "object", "required": list(whole["properties"]), **whole})
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(isinstance(value, TYPES[kind]) and (kind == "boolean" or value is not True) for kind in kinds):
        return False
    if isinstance(value, list):
        return all(fits(one, schema["items"]) for one in value)
    if isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
        described = schema.get("properties", {})
        others = schema.get("additionalProperties", {})
        return set(schema.get("required", ())) <= set(value) and all(
            fits(one, described[name]) if name in described else bool(others) and fits(one, others)
            for name, one in value.items()
        )
    return value in schema.get("enum", [value])


def assert_described(answer: httpx.Response, route: str) -> None:
    responses = DOCUMENT["paths"][route]["get"]["responses"]
    described = responses[str(answer.status_code)]
    (media_type,) = described["content"]
    assert answer.headers["content-type"] == media_type
    schema = described["content"][media_type]["schema"]
    value = answer.json() if media_type.endswith(("/json", "+json")) else answer.text
    assert fits(value, schema), value
    assert {name.lower() for name in described.get("headers", {})} <= set(answer.headers)


def test_a_wrong_answer_does_not_fit() -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    right = {"type": "", "title": "", "status": 404, "detail": "", "code": "", "request_id": None}
    assert fits(right, problem)
    assert not fits({**right, "more": 1}, problem)
    assert not fits({**right, "status": "404"}, problem)
    assert not fits({"type": ""}, problem)
    assert not fits({"status": "odd"}, {"$ref": "#/components/schemas/SourceStats"})


@only_sqlite
@pytest.mark.parametrize("route", ROUTES)
async def test_answers_are_described(client: httpx.AsyncClient, database: Database, route: str) -> None:
    assert_described(await client.get(route), route)
    await rows.write_assets(database, rows.asset(1, rank=1, price_usd=2), rows.asset(2, ath_at=rows.START))
    await rows.write_run(database, 2, status="running", run_finished_at=None, source="csv")
    assert_described(await client.get(route), route)
    assert_described(await client.post(route), route)


@pytest.mark.parametrize(
    ("route", "status"), [("/data", 503), ("/stats", 503), ("/health", 503), ("/readyz", 503), ("/metrics", 200)]
)
async def test_so_are_answers_without_a_database(gone: httpx.AsyncClient, route: str, status: int) -> None:
    answer = await gone.get(route)
    assert answer.status_code == status
    assert_described(answer, route)


@only_sqlite
async def test_every_route_is_described(client: httpx.AsyncClient) -> None:
    listed = set((await client.get("/")).json()["routes"]) - {"/graphql"}
    assert listed <= set(ROUTES)
    assert (await client.get("/openapi.json")).json() == DOCUMENT


def test_every_parameter_is_described() -> None:
    assert tuple(DATA) == PARAMETERS


@only_sqlite
@pytest.mark.parametrize("name", DATA)
async def test_what_parameters_take(client: httpx.AsyncClient, name: str) -> None:
    schema = DATA[name]
    good = [*schema.get("enum", ()), *(schema[end] for end in ("minimum", "maximum", "default") if end in schema)]
    bad = [schema["minimum"] - 1, schema["maximum"] + 1] if "minimum" in schema else []
    bad += ["no such word"] if "enum" in schema else ["x" * (schema["maxLength"] + 1)] if "maxLength" in schema else []
    for value in good:
        assert (await client.get("/data", params={name: value})).status_code == 200, value
    for value in bad:
        answer = await client.get("/data", params={name: value})
        assert answer.status_code == 422, value
        assert_described(answer, "/data")

"""/graphql over HTTP: what is taken, how it is answered, and that nothing sent to it is a mistake of ours."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.engine import Database
from tests.app.serving import only_sqlite, served
from tests.graphql_schema import rows

pytestmark = only_sqlite
OLD, NEW = "application/json", "application/graphql-response+json"
JSON_BODY = {"Content-Type": "application/json"}
TYPENAME = "{ __typename }"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


async def post(client: httpx.AsyncClient, body: Any, **headers: str) -> httpx.Response:
    return await client.post("/graphql", content=json.dumps(body), headers={**JSON_BODY, **headers})


def codes(answer: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("accept", "media_type"), [(OLD, OLD), (NEW, NEW), ("*/*", OLD), (f"{NEW}, {OLD};q=0.9", NEW), ("image/png", OLD)]
)
async def test_a_query_by_post_and_by_get(client: httpx.AsyncClient, accept: str, media_type: str) -> None:
    for answer in (
        await post(client, {"query": TYPENAME}, Accept=accept),
        await client.get("/graphql", params={"query": TYPENAME}, headers={"Accept": accept}),
    ):
        assert (answer.status_code, answer.json()["data"]) == (200, {"__typename": "Query"})
        assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
        assert answer.headers["vary"] == "Accept"


async def test_data_comes_from_the_database(client: httpx.AsyncClient, database: Database) -> None:
    await rows.write_assets(database, rows.asset(1, symbol="BTC"))
    answer = await post(client, {"query": "{ assets(first: 1) { nodes { symbol } } }"})
    assert answer.json()["data"] == {"assets": {"nodes": [{"symbol": "BTC"}]}}


async def test_variables_and_operation_names(client: httpx.AsyncClient) -> None:
    query = "query A { __typename } query B($n: Int!) { assets(first: $n) { nodes { id } } }"
    answer = await post(client, {"query": query, "operationName": "B", "variables": {"n": 1}, "extensions": {}})
    assert answer.json()["data"] == {"assets": {"nodes": []}}
    parameters = {"query": query, "operationName": "B", "variables": '{"n": 1}', "extensions": ""}
    assert (await client.get("/graphql", params=parameters)).json()["data"] == {"assets": {"nodes": []}}


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{"},
        {"query": "{ nothing }"},
        {"query": "query ($n: Int!) { assets(first: $n) { nodes { id } } }"},
        {"query": "query ($n: Int!) { assets(first: $n) { nodes { id } } }", "variables": {"n": "x"}},
        {"query": TYPENAME, "operationName": "Missing"},
        {"query": "fragment F on Query { __typename }"},
        {"query": "{ a: " * 300},
        {"query": "{" * 2900},
        {"query": "[" * 2900},
    ],
)
async def test_requests_that_graphql_finds_fault_with(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    old, new = await post(client, body, Accept=OLD), await post(client, body, Accept=NEW)
    assert (old.status_code, new.status_code) == (200, 400)
    assert old.json() == new.json()
    assert "data" not in new.json()
    assert all(codes(new))


async def test_an_error_while_executing_is_an_answer(client: httpx.AsyncClient) -> None:
    answer = await post(
        client, {"query": '{ node(id: "nonsense") { id } assets(first: -1) { nodes { id } } }'}, Accept=NEW
    )
    assert answer.status_code == 200
    assert "data" in answer.json()


async def test_a_mutation_by_get_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"query": 'mutation { triggerEtl(source: "csv") { __typename } }'})
    assert (answer.status_code, answer.headers["allow"], codes(answer)) == (405, "POST", ["METHOD_NOT_ALLOWED"])


@pytest.mark.parametrize(("accept", "status"), [(OLD, 200), (NEW, 400)])
async def test_a_subscription_is_sent_to_the_websocket(client: httpx.AsyncClient, accept: str, status: int) -> None:
    query = "subscription { runEvents { at } }"
    for answer in (
        await post(client, {"query": query}, Accept=accept),
        await client.get("/graphql", params={"query": query}, headers={"Accept": accept}),
    ):
        assert (answer.status_code, codes(answer)) == (status, ["SUBSCRIPTIONS_NEED_WEBSOCKET"])


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "application/jsonx",
        "text/plain; application/json",
        "application/json, text/plain",
        "; charset=\x00",
    ],
)
async def test_a_body_that_is_not_json_is_refused(client: httpx.AsyncClient, content_type: str) -> None:
    body = json.dumps({"query": TYPENAME})
    answer = await client.post("/graphql", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, codes(answer)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON", 'application/json; charset="UTF-8"'])
async def test_json_may_be_said_in_several_ways(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await client.post(
        "/graphql", content=json.dumps({"query": TYPENAME}), headers={"Content-Type": content_type}
    )
    assert answer.status_code == 200


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    assert (await post(client, {"query": TYPENAME}, **{"Content-Encoding": "gzip"})).status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"7",
        b'"{ __typename }"',
        b"\xff\xfe",
        b'{"query": "\xff"}',
        '{"query": "{ __typename }"}'.encode("utf-16"),
        b'{"query": "\\ud800"}',
        b"[" * 500_000,
        b'{"query":' * 1000,
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 1}',
        b'{"query": {}}',
        b'{"query": ["{ __typename }"]}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "variables": 1}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }", "operationName": []}',
        b'{"query": "{ __typename }", "extensions": "x"}',
        b'{"query": "{ __typename }", "variables": NaN}',
        b'[{"query": "{ __typename }"}]',
        b"[]",
    ],
)
async def test_what_is_no_request_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/graphql", content=body, headers=JSON_BODY)
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    "query", ["", "query=", "query=%7B&variables=x", "query=%7B&variables=[]", "query=%7B&extensions=7", "foo=1"]
)
async def test_what_is_no_request_by_get(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/graphql?{query}", headers={"Accept": "*/*"})
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("accept", [OLD, NEW])
async def test_a_large_body_is_refused(client: httpx.AsyncClient, accept: str) -> None:
    answer = await post(client, {"query": TYPENAME, "variables": {"a": "x" * 1_000_000}}, Accept=accept)
    assert (answer.status_code, codes(answer)) == (413, ["BODY_TOO_LARGE"])


async def test_a_body_is_not_read_beyond_the_limit(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 100_000

    answer = await client.post("/graphql", content=endless(), headers=JSON_BODY)
    assert answer.status_code == 413
    assert sent < 15


_DOCUMENT = st.text(max_size=30) | st.sampled_from(
    [TYPENAME, "{ assets { nodes { id } } }", '{ node(id: "\\u0000") { id } }', '{ asset(id: "\ud800") { id } }']
)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_BODY = st.binary(max_size=40) | st.fixed_dictionaries(
    {"query": _DOCUMENT | _VALUE},
    optional={"variables": _VALUE, "operationName": _VALUE, "extensions": _VALUE},
).map(lambda body: json.dumps(body).encode())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_BODY)
async def test_no_body_brings_it_down(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/graphql", content=body, headers=JSON_BODY)
    assert answer.status_code in {200, 400}
    assert "INTERNAL_SERVER_ERROR" not in answer.text
    assert answer.json()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(st.sampled_from(["query", "variables", "operationName"]), st.binary(max_size=20)))
async def test_no_url_brings_it_down(client: httpx.AsyncClient, values: dict[str, bytes]) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in values.items())
    answer = await client.get(f"/graphql?{query}")
    assert answer.status_code in {200, 400}
    assert "INTERNAL_SERVER_ERROR" not in answer.text


async def test_a_query_from_a_browser_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"query": TYPENAME}, headers=BROWSER)
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_introspection_can_be_turned_off(database: Database) -> None:
    query = {"query": "{ __schema { queryType { name } } }"}
    async with served(database) as client:
        assert "errors" not in (await post(client, query)).json()
    async with served(database, graphql_introspection=False) as client:
        assert set(codes(await post(client, query))) == {"GRAPHQL_VALIDATION_FAILED"}
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 400


async def test_depth_is_limited_by_the_settings(database: Database) -> None:
    async with served(database, graphql_max_depth=2) as client:
        assert codes(await post(client, {"query": "{ assets { nodes { id } } }"})) == ["GRAPHQL_VALIDATION_FAILED"]

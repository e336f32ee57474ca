"""Automatic persisted queries: asked for by hash, kept once they were found good, and bounded."""

import json
from hashlib import sha256
from typing import Any

import httpx
import pytest
from strawberry.http import GraphQLRequestData

from app.web.graphql_request import Refused
from app.web.persisted import PersistedQueries
from db.engine import Database
from tests.app.serving import only_sqlite, served

TYPENAME = "{ __typename }"
BAD = "{ nothing }"
DEEP = "{ assets { nodes { lastRun { id } } } }"
NEW = "application/graphql-response+json"


def named(document: str, version: Any = 1) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": sha256(document.encode()).hexdigest()}}


async def ask(client: httpx.AsyncClient, method: str, accept: str = "application/json", **body: Any) -> httpx.Response:
    headers = {"Accept": accept}
    if method == "POST":
        return await client.post("/graphql", json=body, headers=headers)
    params = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    return await client.get("/graphql", params=params, headers=headers)


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("accept", ["application/json", NEW, "text/html"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@only_sqlite
async def test_a_document_is_known_by_its_hash_afterwards(client: httpx.AsyncClient, method: str, accept: str) -> None:
    unknown = await ask(client, method, accept, extensions=named(TYPENAME))
    assert told(unknown) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    good = {"__typename": "Query"}
    assert (await ask(client, method, accept, query=TYPENAME, extensions=named(TYPENAME))).json()["data"] == good
    for again in ("GET", "POST"):
        assert (await ask(client, again, accept, extensions=named(TYPENAME))).json()["data"] == good


@only_sqlite
async def test_variables_and_operation_names_go_with_a_hash(client: httpx.AsyncClient) -> None:
    document = "query A { __typename } query B($n: Int!) { assets(first: $n) { nodes { id } } }"
    for query in ({"query": document}, {}):
        asked: dict[str, Any] = {"operationName": "B", "variables": {"n": 1}, "extensions": named(document)}
        assert (await ask(client, "POST", **asked, **query)).json()["data"] == {"assets": {"nodes": []}}


@only_sqlite
async def test_another_hash_is_refused(client: httpx.AsyncClient) -> None:
    answer = await ask(client, "POST", query=TYPENAME, extensions=named(DEEP))
    assert told(answer) == (400, "PERSISTED_QUERY_HASH_MISMATCH")
    assert told(await ask(client, "POST", extensions=named(DEEP)))[1] == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("document", ["{", BAD, DEEP, "fragment F on Query { __typename }", "{ a: " * 300])
@only_sqlite
async def test_only_what_was_found_good_is_kept(database: Database, document: str) -> None:
    async with served(database, graphql_max_depth=3) as client:
        assert "errors" in (await ask(client, "POST", query=document, extensions=named(document))).json()
        assert told(await ask(client, "POST", extensions=named(document)))[1] == "PERSISTED_QUERY_NOT_FOUND"


@only_sqlite
async def test_a_mutation_by_get_is_refused_by_its_hash_too(client: httpx.AsyncClient) -> None:
    mutation = 'mutation { cancelRun(id: "x") { errors { code } } }'
    assert "errors" not in (await ask(client, "POST", query=mutation, extensions=named(mutation))).json()
    assert told(await ask(client, "GET", extensions=named(mutation))) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "persisted",
    [
        7,
        [],
        {},
        {"version": 2, "sha256Hash": "0" * 64},
        {"sha256Hash": "0" * 64},
        {"version": 1},
        {"version": 1, "sha256Hash": 7},
        {"version": 1, "sha256Hash": "0" * 63},
        {"version": 1, "sha256Hash": "A" * 64},
        {"version": 1, "sha256Hash": "../../etc"},
    ],
)
@pytest.mark.parametrize("query", [{}, {"query": TYPENAME}])
@only_sqlite
async def test_what_is_no_hash_is_refused(client: httpx.AsyncClient, persisted: Any, query: dict[str, str]) -> None:
    answer = await ask(client, "POST", extensions={"persistedQuery": persisted}, **query)
    assert told(answer) == (400, "BAD_REQUEST")


@only_sqlite
async def test_no_hash_is_no_document(client: httpx.AsyncClient) -> None:
    assert told(await ask(client, "POST", extensions={"persistedQuery": None})) == (400, "BAD_REQUEST")
    assert told(await ask(client, "POST", extensions={"other": 1})) == (400, "BAD_REQUEST")


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    kept = PersistedQueries(most_documents=2)
    for document in ("a", "b"):
        kept.keep(GraphQLRequestData(document, None, None, named(document)))
    assert known(kept, "a")
    kept.keep(GraphQLRequestData("c", None, None, named("c")))
    assert [known(kept, document) for document in "abc"] == [True, False, True]


def test_what_is_kept_is_bounded_in_bytes() -> None:
    kept = PersistedQueries(most_bytes=10)
    documents = ["€€€", "bbbbb", "c" * 11, "dd"]
    for document in documents:
        kept.keep(GraphQLRequestData(document, None, None, named(document)))
        kept.keep(GraphQLRequestData(document, None, None, named(document)))
    assert [known(kept, document) for document in documents] == [False, True, False, True]


def known(kept: PersistedQueries, document: str) -> bool:
    try:
        return kept.completed(GraphQLRequestData(None, None, None, named(document))).query == document
    except Refused:
        return False

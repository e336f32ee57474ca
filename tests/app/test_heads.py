"""What a request's head comes to is remembered, and must be no other request's."""

import random
from typing import Any

import httpx
import pytest

from db.engine import Database
from tests.app.serving import only_sqlite, served

pytestmark = only_sqlite
READ, ALL = "reading-only", "correct-horse"
ASKED = {"query": "{ __typename }"}
# What is sent, as what, and what comes back: the status and the media type.
JSON, GRAPHQL = "application/json", "application/graphql-response+json"
HEADS: list[tuple[dict[str, str], tuple[int, str]]] = [
    ({}, (401, JSON)),
    ({"Authorization": f"Bearer {READ}"}, (200, JSON)),
    ({"Authorization": f"Bearer {ALL}"}, (200, JSON)),
    ({"Authorization": f"Bearer {ALL}x"}, (401, JSON)),
    ({"Authorization": f"Bearer {READ}", "Accept": GRAPHQL}, (200, GRAPHQL)),
    ({"Authorization": f"Bearer {READ}", "Accept": JSON}, (200, JSON)),
    ({"Authorization": f"Bearer {READ}", "Origin": "https://elsewhere.example"}, (403, JSON)),
    ({"Authorization": f"Bearer {READ}", "Sec-Fetch-Site": "cross-site"}, (403, JSON)),
    ({"Authorization": f"Bearer {READ}", "Sec-Fetch-Site": "same-origin"}, (200, JSON)),
    ({"Authorization": f"Bearer {READ}", "Content-Type": "text/plain"}, (415, JSON)),
    ({"Authorization": f"Bearer {READ}", "Content-Encoding": "gzip"}, (415, JSON)),
    ({"Authorization": f"Bearer {READ}", "X-Forwarded-For": "203.0.113.9"}, (200, JSON)),
    ({"Authorization": f"Bearer {READ}", "Accept": f"{JSON}, text/{'x' * 1000}"}, (200, JSON)),
]
# What is asked by GET has no body, and pages may ask for it.
BY_GET = ("Content-Type", "Content-Encoding", "Origin", "Sec-Fetch-Site")


async def answered(client: httpx.AsyncClient, head: dict[str, str]) -> tuple[int, str]:
    found = await client.post("/graphql", json=ASKED, headers=head)
    return found.status_code, found.headers["content-type"].partition(";")[0]


async def answered_by(method: str, client: httpx.AsyncClient, head: dict[str, str]) -> int:
    return (await client.request(method, "/graphql", params=ASKED, headers=head)).status_code


@pytest.mark.parametrize("seed", range(4))
async def test_each_head_is_judged_by_what_it_says(database: Database, seed: int) -> None:
    asked: list[Any] = HEADS * 3
    random.Random(seed).shuffle(asked)
    async with served(database, api_token=ALL, api_read_token=READ) as client:
        for head, expected in asked:
            assert (head, await answered(client, head)) == (head, expected)
            by_get = expected[0] if not any(name in head for name in BY_GET) else 200
            for method in ("GET", "HEAD"):
                assert (head, method, await answered_by(method, client, head)) == (head, method, by_get)


async def test_a_head_that_may_read_may_not_write(database: Database) -> None:
    change = {"query": 'mutation { pauseSource(source: "csv") { source { name } } }'}
    head = {"Authorization": f"Bearer {READ}"}
    async with served(database, api_token=ALL, api_read_token=READ) as client:
        assert await answered(client, head) == (200, JSON)
        refused = (await client.post("/graphql", json=change, headers=head)).json()
        assert [error["extensions"]["code"] for error in refused["errors"]] == ["UNAUTHENTICATED"]


async def test_two_authorizations_are_none_after_each_of_them_was_good(database: Database) -> None:
    each = [("Authorization", f"Bearer {token}") for token in (READ, ALL)]
    async with served(database, api_token=ALL, api_read_token=READ) as client:
        for header in each:
            assert (await client.post("/graphql", json=ASKED, headers=[header])).status_code == 200
        assert (await client.post("/graphql", json=ASKED, headers=each)).status_code == 401

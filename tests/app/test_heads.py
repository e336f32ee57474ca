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
]


async def answered(client: httpx.AsyncClient, head: dict[str, str]) -> tuple[int, str]:
    found = await client.post("/graphql", json=ASKED, headers=head)
    return found.status_code, found.headers["content-type"].partition(";")[0]


@pytest.mark.parametrize("seed", range(4))
async def test_each_head_is_judged_by_what_it_says(database: Database, seed: int) -> None:
    asked: list[Any] = HEADS * 3
    random.Random(seed).shuffle(asked)
    async with served(database, api_token=ALL, api_read_token=READ) as client:
        for head, expected in asked:
            assert (head, await answered(client, head)) == (head, expected)

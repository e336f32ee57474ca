"""/data and queries by GET say when they have nothing new: tags that follow the data, and 304."""

import httpx
import pytest
from sqlalchemy import update

from app.web import etag
from db.engine import Database
from db.tables import assets
from tests.app.serving import only_sqlite, served
from tests.graphql_schema import rows

TAG = etag.weak(b"data")
NEW = {"Accept": "application/graphql-response+json"}
STRONG = TAG.removeprefix("W/")


@pytest.fixture
async def coins(database: Database, client: httpx.AsyncClient) -> httpx.AsyncClient:
    await rows.write_assets(database, rows.asset(1, rank=1, price_usd=1.0), rows.asset(2, rank=2))
    return client


async def tag(client: httpx.AsyncClient, query: str = "") -> str:
    answer = await client.get(f"/data?{query}")
    assert answer.status_code == 200
    return answer.headers["etag"]


async def test_the_same_data_has_the_same_tag_and_is_not_sent_again(coins: httpx.AsyncClient) -> None:
    first = await coins.get("/data")
    second = await coins.get("/data")
    assert first.json()["request_id"] != second.json()["request_id"]
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["etag"].startswith('W/"')
    assert first.headers["cache-control"] == "no-cache"
    again = await coins.get("/data", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == "no-cache"
    assert {"x-request-id", "x-api-latency-ms", "vary"} <= set(again.headers)
    assert "content-type" not in again.headers


@pytest.mark.parametrize("column", ["price_usd", "name", "last_updated", "updated_at"])
async def test_a_change_of_any_column_changes_the_tag(
    database: Database, coins: httpx.AsyncClient, column: str
) -> None:
    before = await tag(coins)
    value = {"price_usd": 1.0000000000000002, "name": "Other"}.get(column, rows.START.replace(year=2026))
    async with database.write() as connection:
        await connection.execute(update(assets).where(assets.c.id == 1).values({column: value}))
    assert (await coins.get("/data", headers={"If-None-Match": before})).status_code == 200
    assert await tag(coins) != before


async def test_a_change_behind_the_page_that_it_tells_of_changes_the_tag(
    database: Database, coins: httpx.AsyncClient
) -> None:
    before = await tag(coins, "limit=1")
    await rows.write(database, assets, [rows.asset(3, rank=3)])
    assert await tag(coins, "limit=1") != before


@only_sqlite
async def test_each_page_has_its_own(coins: httpx.AsyncClient) -> None:
    pages = ["", "limit=1", "limit=2", "offset=1", "sort=-rank", "q=coin-2", "source=csv"]
    assert len({await tag(coins, page) for page in pages}) == len(pages)


@only_sqlite
async def test_compressed_or_not_it_is_the_same_data(database: Database) -> None:
    await rows.write_assets(database, *(rows.asset(n) for n in range(1, 60)))
    async with served(database) as client:
        packed = await client.get("/data", headers={"Accept-Encoding": "gzip"})
        plain = await client.get("/data", headers={"Accept-Encoding": "identity"})
    assert (packed.headers.get("content-encoding"), plain.headers.get("content-encoding")) == ("gzip", None)
    assert packed.headers["etag"] == plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]
    assert "Accept-Encoding" in plain.headers["vary"]


@only_sqlite
async def test_head_says_the_same(coins: httpx.AsyncClient) -> None:
    head = await coins.head("/data")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", await tag(coins))
    again = await coins.head("/data", headers={"If-None-Match": head.headers["etag"]})
    assert again.status_code == 304


@only_sqlite
async def test_what_cannot_be_used_is_refused_whatever_is_at_hand(coins: httpx.AsyncClient) -> None:
    answer = await coins.get("/data?limit=0", headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.headers["cache-control"]) == (422, "no-store")


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ([TAG], True),
        ([STRONG], True),
        ([f'"x", {TAG}'], True),
        ([f'W/"a,b",{STRONG}'], True),
        (['"x"', TAG], True),
        (["*"], True),
        ([" * "], True),
        ([], False),
        ([""], False),
        (['"x"'], False),
        ([STRONG.strip('"')], False),
        (['"' * 10_000], False),
        (["W/" * 10_000], False),
    ],
)
def test_what_matches(given: list[str], same: bool) -> None:
    assert etag.matches(TAG, given) is same


@pytest.mark.parametrize("query", ["{ assets { nodes { priceUsd } } }", "{ health { database } __typename }"])
async def test_queries_by_get_have_tags_too(database: Database, coins: httpx.AsyncClient, query: str) -> None:
    asked = {"query": query}
    first, planned = [await coins.get("/graphql", params=asked) for _ in range(2)]
    assert first.headers["etag"] == planned.headers["etag"]
    assert (first.headers["cache-control"], first.headers["vary"]) == ("no-cache", "Accept")
    known = {"If-None-Match": first.headers["etag"]}
    for _ in range(3):
        again = await coins.get("/graphql", params=asked, headers=known)
        assert (again.status_code, again.content) == (304, b"")
    await rows.write(database, assets, [rows.asset(3, rank=3, price_usd=7.0)])
    changed = await coins.get("/graphql", params=asked, headers=known)
    assert (changed.status_code == 200) == ("assets" in query)


async def test_only_answers_to_get_have_one(coins: httpx.AsyncClient) -> None:
    body = {"query": "{ __typename }"}
    assert "etag" not in (await coins.post("/graphql", json=body)).headers
    assert "etag" not in (await coins.get("/graphql", params={"query": "{ no"}, headers=NEW)).headers
    page = await coins.get("/graphql", headers={"Accept": "text/html"})
    assert page.headers["cache-control"] == "no-store"

"""/data.csv and /data.ndjson: everything that /data lists, as one answer."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.web import data_files
from db.engine import Database
from graphql_schema import places
from tests.app.serving import GoneDatabase, only_sqlite, served
from tests.graphql_schema.rows import asset, write_assets

ODD = '=cmd|"x",\n\u00e9'


@pytest.fixture
async def client(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """Seven assets, read in parts of three."""
    monkeypatch.setattr(data_files, "PART", 3)
    figures = {"price_usd": 0.1 + 0.2, "market_cap_usd": 1e300}
    await write_assets(
        database,
        *(asset(n, rank=8 - n, **figures) for n in range(1, 6)),
        asset(6, name=ODD, rank=None, source="csv"),
        asset(7, price_usd=5e-324, source="csv"),
    )
    async with served(database) as found:
        yield found


async def listed(client: httpx.AsyncClient, parameters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(f"/data?{parameters}")).json()["data"]
    return found


@pytest.mark.parametrize("parameters", ["sort=id", "sort=rank", "sort=-price_usd&source=csv", "q=coin-1&sort=id"])
async def test_ndjson_says_what_the_list_says(client: httpx.AsyncClient, parameters: str) -> None:
    answer = await client.get(f"/data.ndjson?{parameters}")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == await listed(client, parameters)


async def test_csv_keeps_every_digit_and_every_letter(client: httpx.AsyncClient) -> None:
    answer = await client.get("/data.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="assets.csv"'
    found = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    expected = await listed(client, "sort=id")
    assert [row["id"] for row in found] == [row["id"] for row in expected]
    assert [float(row["price_usd"]) for row in found if row["price_usd"]] == [0.1 + 0.2] * 5 + [5e-324]
    assert (found[5]["name"], found[5]["rank"], found[0]["rank"]) == (ODD, "", "7")
    assert found[0]["updated_at"] == expected[0]["updated_at"] == "2025-01-20T10:36:06.480000Z"


async def test_nothing_is_still_a_file(client: httpx.AsyncClient) -> None:
    assert (await client.get("/data.csv?q=nothing")).text.count("\n") == 1
    assert (await client.get("/data.ndjson?q=nothing")).text == ""


async def test_it_is_compressed_for_who_takes_that(client: httpx.AsyncClient) -> None:
    answer = await client.get("/data.csv", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.startswith("id,external_id,")
    assert answer.text.count("coin-") == 7


@pytest.mark.parametrize("path", ["/data.csv", "/data.ndjson"])
async def test_head_has_the_headers_only(client: httpx.AsyncClient, path: str) -> None:
    head, whole = await client.head(path), await client.get(path, headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize(("query", "parameter"), [("limit=5", "limit"), ("sort=x", "sort"), ("source=x", "source")])
async def test_what_cannot_be_used_is_refused_by_name(client: httpx.AsyncClient, query: str, parameter: str) -> None:
    answer = await client.get(f"/data.csv?{query}")
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


async def test_between_parts_no_connection_is_held(client: httpx.AsyncClient, database: Database) -> None:
    """A reader who pauses keeps nobody else from the database."""
    pool = database._reader.pool
    held = []
    page = data_files._page

    async def watched(*arguments: Any) -> Any:
        held.append(pool.checkedout())  # type: ignore[attr-defined]
        return await page(*arguments)

    data_files._page = watched  # type: ignore[assignment]
    try:
        await client.get("/data.csv")
    finally:
        data_files._page = page
    assert held == [0, 0, 0]


@only_sqlite
async def test_as_many_parts_at_a_time_as_there_are_places_and_every_file_is_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_files, "PART", 2)
    await write_assets(database, *(asset(n) for n in range(1, 8)))
    page, at_once = data_files._page, [0]

    async def watched(*arguments: Any) -> Any:
        at_once.append(at_once[-1] + 1)
        # A part of a file that was begun waits longer than anybody who wants to begin.
        monkeypatch.setattr(places, "PATIENCE_SECONDS", 5.0 if arguments[2] is None else 0.0)
        await asyncio.sleep(0.01)
        found = await page(*arguments)
        at_once.append(at_once[-1] - 1)
        return found

    monkeypatch.setattr(data_files, "_page", watched)
    async with served(database, graphql_max_concurrent=1) as client:
        answers = await asyncio.gather(*(client.get("/data.ndjson") for _ in range(3)))
    assert [answer.text.count("\n") for answer in answers] == [7, 7, 7]
    assert max(at_once) == 1


async def test_without_a_database_it_is_503(tmp_path: Any) -> None:
    database = GoneDatabase(f"sqlite:///{tmp_path}/gone.sqlite3")
    async with served(database) as client:
        assert (await client.get("/data.csv")).status_code == 503
    await database.close()

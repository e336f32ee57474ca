"""Recorded payloads come back byte for byte."""

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.upstream import Fault, Replay, Upstream, serve

MARKETS = "/api/v3/coins/markets?vs_currency=usd&per_page=250"
PAGE = b'[{"id":"b", "symbol":"b","market_cap":2.50},\n{"id":"a","symbol":"a","market_cap":1}]'
TICKERS = b'[{"id":"b-b","name":"B "},{"id":"a-a","name":"A"}]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two dates of one upstream, one of the other, and an error."""
    error = {"status": 402, "headers": {"Content-Type": "text/odd", "Content-Length": "9"}, "body": "pay"}
    files = {
        "coingecko/markets-2025-01-20-p1.json": PAGE,
        "coingecko/markets-2025-01-20-p2.json": b'[{"id":"c","symbol":"c"}]',
        "coingecko/markets-2024-10-21-p1.json": b"[ ]",
        "coingecko/markets-2025-01-20-category-p1.json": b"not a page",
        "coingecko/coins-list-2024-04-17.json": b'[\n\t{"id":"a"}]',
        "coinpaprika/tickers-2021-08-12.json": TICKERS,
        "coinpaprika/ticker-b-b-2022-01-30.json": b'{"id":"b-b"}\n',
        "errors/plan.json": json.dumps(error).encode(),
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tmp_path


@asynccontextmanager
async def replaying(folder: Path, date: str | None = None) -> AsyncIterator[tuple[Upstream, httpx.AsyncClient]]:
    upstream = Upstream(size=1, replay=folder, date=date)
    async with serve(upstream) as url, httpx.AsyncClient(base_url=url) as client:
        yield upstream, client


async def test_byte_for_byte_until_the_empty_page(folder: Path) -> None:
    async with replaying(folder) as (_, client):
        pages = [(await client.get(f"{MARKETS}&page={page}")).content for page in (1, 2, 3)]
        assert pages == [PAGE, b'[{"id":"c","symbol":"c"}]', b"[]"]
        assert (await client.get("/v1/tickers")).content == TICKERS
        assert (await client.get("/v1/tickers/b-b")).content == b'{"id":"b-b"}\n'
        assert (await client.get("/v1/tickers/a-a")).content == b'{"id":"a-a","name":"A"}\n'
        assert (await client.get("/v1/tickers/x")).status_code == 404
        assert (await client.get("/api/v3/coins/list")).content == b'[\n\t{"id":"a"}]'
        assert (await client.get("/v1/coins")).content == b"[]\n"


async def test_the_date_can_be_chosen_and_changed(folder: Path) -> None:
    async with replaying(folder, "2024-10-21") as (_, client):
        assert (await client.get(MARKETS)).content == b"[ ]"
        state = (await client.post("/_control", json={"date": "2025-01-20"})).json()
        assert (state["mode"], state["date"]) == ("replay", "2025-01-20")
        assert (await client.get(MARKETS)).content == PAGE
        assert (await client.post("/_control", json={"date": "2000-01-01"})).status_code == 422


async def test_other_page_sizes_keep_the_bytes_of_rows(folder: Path) -> None:
    async with replaying(folder) as (_, client):
        pages = [(await client.get(MARKETS.replace("250", "1") + f"&page={page}")).content for page in (1, 2, 3, 4)]
        assert pages[0] == b'[{"id":"b", "symbol":"b","market_cap":2.50}]'
        assert pages[2:] == [b'[{"id":"c","symbol":"c"}]', b"[]"]
        assert b'"a"' in (await client.get(MARKETS + "&ids=a")).content


async def test_faults_work_on_recordings_too(folder: Path) -> None:
    async with replaying(folder) as (upstream, client):
        upstream.set_faults([Fault("vanish", {"ids": ["b"]}), Fault("error", {"name": "plan"}, count=1)])
        paid, rest = await client.get(MARKETS), await client.get(MARKETS)
        assert (paid.status_code, paid.headers["content-type"], paid.content) == (402, "text/odd", b"pay")
        assert [row["id"] for row in rest.json()] == ["a", "c"]


def test_a_folder_or_date_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2024-10-21, 2025-01-20"):
        Replay(folder, "1999-01-01")
    with pytest.raises(ValueError, match="no coingecko"):
        Replay(tmp_path / "nothing")


RECORDED = os.environ.get("RECORDED_DATA")
needs_recordings = pytest.mark.skipif(not RECORDED, reason="RECORDED_DATA names no folder of recordings")


@needs_recordings
async def test_real_recordings_byte_for_byte() -> None:
    folder = Path(RECORDED or "")
    page = re.compile(r"markets-([\d-]{10})-p(\d+).json")
    for path in sorted((folder / "coingecko").iterdir()):
        if match := page.fullmatch(path.name):
            async with replaying(folder, match[1]) as (_, client):
                assert (await client.get(f"{MARKETS}&page={match[2]}")).content == path.read_bytes()


@needs_recordings
async def test_generated_rows_have_the_fields_of_real_ones() -> None:
    query = "&price_change_percentage=1h,24h,7d,14d,30d,200d,1y"
    upstreams = Upstream(size=10), Upstream(size=10, replay=Path(RECORDED or ""), date="2022-01-29")
    shapes = []
    for upstream in upstreams:
        async with serve(upstream) as url, httpx.AsyncClient(base_url=url) as client:
            row = (await client.get(MARKETS + query)).json()[0]
            ticker = (await client.get("/v1/tickers")).json()[0]
            coin = (await client.get("/v1/coins")).json()[0]
            shapes.append([list(row), list(ticker), list(ticker["quotes"]["USD"]), list(coin)])
    assert shapes[0] == shapes[1]

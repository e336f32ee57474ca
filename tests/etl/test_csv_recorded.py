"""The source against real files, where a folder of them is at hand (RECORDED_DATA)."""

import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db.records import NewAsset
from etl.sources.csv_file import CsvSource
from etl.types import RawRecord

DATA = Path(os.environ.get("RECORDED_DATA", "absent"))
pytestmark = pytest.mark.skipif("RECORDED_DATA" not in os.environ, reason="RECORDED_DATA names no folder")


async def records_of(name: str) -> list[RawRecord]:
    source = CsvSource(DATA / "csv" / name)

    async def pages() -> AsyncIterator[Any]:
        async for page in source.pages([]):
            yield page

    return [record async for chunk in source.records(pages()) for record in chunk]


async def assets_of(name: str) -> dict[str, NewAsset]:
    source = CsvSource(DATA)
    records = await records_of(name)
    return {asset.external_id: asset for r in records if not r.superseded for asset in [source.parse(r)]}


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("coingecko-markets-pandas-2022-01-29.csv", 250),
        ("coinmarketcap-2017-12-06.csv", 1326),
        ("coinmarketcap-2018-01-06.csv", 100),
        ("coinmarketcap-scrape-2021-07.csv", 100),
        ("coinmarketcap-scrape-2022-10-10.csv", 20),
        ("cryptocompare-supply-bootcamp.csv", 1252),
    ],
)
async def test_every_row_is_a_record_with_its_own_bytes(name: str, rows: int) -> None:
    records = await records_of(name)
    assert len(records) == rows
    assert Counter(r.payload for r in records) == Counter((DATA / "csv" / name).read_bytes().splitlines()[1:])
    assert all(CsvSource(DATA).parse(record).external_id == record.external_id for record in records)


async def test_coinmarketcap_2017() -> None:
    asset = (await assets_of("coinmarketcap-2017-12-06.csv"))["bitcoin"]
    assert asset == NewAsset(
        external_id="bitcoin",
        symbol="BTC",
        name="Bitcoin",
        rank=1,
        price_usd=12739.5,
        market_cap_usd=213049346738.0,
        volume_24h_usd=9007640000.0,
        percent_change_1h=0.12,
        percent_change_24h=7.33,
        percent_change_7d=17.45,
        circulating_supply=16723525.0,
        total_supply=16723525.0,
        max_supply=21000000.0,
        last_updated=datetime(2017, 12, 6, 8, 39, 14, tzinfo=UTC),
    )


async def test_of_two_coins_with_one_id_the_newer_counts() -> None:
    records = await records_of("coinmarketcap-2017-12-06.csv")
    twice = [record for record in records if record.external_id == "lifecoin"]
    assert [(CsvSource(DATA).parse(r).symbol, r.superseded) for r in twice] == [("SXC", True), ("life", False)]
    assert sum(record.superseded for record in records) == 1


async def test_scrape_2021() -> None:
    asset = (await assets_of("coinmarketcap-scrape-2021-07.csv"))["bitcoin"]
    assert (asset.symbol, asset.name, asset.price_usd) == ("BTC", "BTC", 39979.12)
    assert (asset.percent_change_24h, asset.percent_change_7d) == (2.01, 24.46)
    assert (asset.market_cap_usd, asset.volume_24h_usd) == (750391502193.0, 38380638105.0)
    assert asset.circulating_supply == 18769587.0
    assert asset.last_updated is None


async def test_scrape_2022() -> None:
    asset = (await assets_of("coinmarketcap-scrape-2022-10-10.csv"))["ada-cardano"]
    assert (asset.symbol, asset.name, asset.price_usd) == ("ADA", "Cardano", 0.3938)
    assert (asset.market_cap_usd, asset.percent_change_1h) == (13496469347.0, -3.06)


async def test_supplies_with_an_index_of_symbols() -> None:
    assets = await assets_of("cryptocompare-supply-bootcamp.csv")
    assert len(assets) == 1252
    bitcoin = assets["btc-bitcoin"]
    assert (bitcoin.symbol, bitcoin.circulating_supply, bitcoin.max_supply) == ("BTC", 17927175.0, 21000000.0)
    assert assets["42-42-coin"].circulating_supply == 41.99995383
    supplies = {asset.max_supply for asset in assets.values()}
    assert {20000000.0, 10500000.0, 99000000000.0} <= supplies


async def test_a_table_made_of_the_api_answer_says_the_same() -> None:
    answer = json.loads((DATA / "coingecko" / "markets-2022-01-29-p1.json").read_bytes())
    assets = await assets_of("coingecko-markets-pandas-2022-01-29.csv")
    for coin in answer:
        asset = assets[coin["id"]]
        assert (asset.symbol, asset.name, asset.rank) == (coin["symbol"], coin["name"], coin["market_cap_rank"])
        assert (asset.price_usd, asset.max_supply) == (coin["current_price"], coin["max_supply"])
        assert (asset.percent_change_24h, asset.ath_usd) == (coin["price_change_percentage_24h"], coin["ath"])
        assert asset.last_updated == datetime.fromisoformat(coin["last_updated"])

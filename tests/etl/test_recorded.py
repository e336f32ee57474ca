"""Against recorded real payloads (RECORDED_DATA): every row as the mapping says, every payload byte for byte."""

import json
import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.enums import RunStatus
from db.tables import FIGURES
from etl.http import Upstream
from etl.sources.coingecko import CoinGecko
from etl.sources.coinpaprika import CoinPaprika
from tests import upstream as local
from tests.etl.conftest import Ingest, Query

RECORDED = Path(os.environ.get("RECORDED_DATA", "absent"))
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="RECORDED_DATA names no folder of recorded payloads")

COLUMNS = ("external_id", "symbol", "name", "rank", *FIGURES, "ath_at", "last_updated")
ASSETS = f"SELECT {', '.join(COLUMNS)} FROM assets ORDER BY external_id"


@pytest.fixture
def server() -> local.Upstream:
    return local.Upstream(replay=RECORDED)


@pytest.fixture
async def sources(server: local.Upstream) -> AsyncIterator[tuple[CoinGecko, CoinPaprika]]:
    async def permit() -> None:
        return None

    async with local.serve(server) as url, httpx.AsyncClient() as client:
        yield (
            CoinGecko(Upstream(client, url + local.COINGECKO, permit=permit), 3000),
            CoinPaprika(Upstream(client, url + local.COINPAPRIKA, permit=permit)),
        )


def markets(date: str) -> list[dict[str, Any]]:
    """All rows of a date, one per id, in the order of ids."""
    files = RECORDED.glob(f"coingecko/markets-{date}-p*.json")
    rows = {row["id"]: row for file in files for row in json.loads(file.read_text("utf-8"))}
    return [rows[key] for key in sorted(rows)]


def number(value: Any, *unknown: int) -> float | None:
    return None if value is None or value in unknown else float(value)


def moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def expected_market(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        row["id"], row["symbol"].strip(), row["name"].strip(), row["market_cap_rank"],
        number(row["current_price"]), number(row["market_cap"], 0), number(row["total_volume"]),
        number(row.get("price_change_percentage_1h_in_currency")), number(row["price_change_percentage_24h"]),
        number(row.get("price_change_percentage_7d_in_currency")), number(row["circulating_supply"], 0),
        number(row["total_supply"]), number(row["max_supply"]), number(row["ath"]),
        moment(row["ath_date"]), moment(row["last_updated"]),
    )  # fmt: skip


def expected_ticker(row: dict[str, Any]) -> tuple[Any, ...]:
    usd = row["quotes"]["USD"]
    return (
        row["id"], row["symbol"].strip(), row["name"].strip(), row["rank"] or None,
        number(usd["price"]), number(usd["market_cap"], 0), number(usd["volume_24h"]),
        number(usd["percent_change_1h"]), number(usd["percent_change_24h"]), number(usd["percent_change_7d"]),
        number(row["circulating_supply"], 0), number(row["total_supply"], 0),
        number(row["max_supply"], 0, 2**63 - 1), number(usd["ath_price"]),
        moment(usd["ath_date"]), moment(row["last_updated"]),
    )  # fmt: skip


def as_times(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """SQLite gives times as text."""
    return [(*row[:-2], *(moment(t) if isinstance(t, str) else t for t in row[-2:])) for row in rows]


async def test_two_dates_of_coingecko(
    ingest: Ingest, query: Query, server: local.Upstream, sources: tuple[CoinGecko, CoinPaprika]
) -> None:
    coingecko, _ = sources
    server.set_date("2024-10-21")
    old = {row["id"]: row for row in markets("2024-10-21")}
    assert (await ingest(coingecko, batch_size=300)).inserted == len(old)

    server.set_date("2025-01-20")
    new = {row["id"]: row for row in markets("2025-01-20")}
    second = await ingest(coingecko, batch_size=300)
    assert second.status is RunStatus.SUCCESS
    assert second.inserted == len(new.keys() - old.keys())
    assert second.updated == sum(new[key] != old[key] for key in new.keys() & old.keys())
    assert second.quarantined == second.stale == 0
    assert as_times(await query(ASSETS)) == [expected_market((old | new)[key]) for key in sorted(old | new)]

    third = await ingest(coingecko)
    assert (third.unchanged, third.records_processed) == (len(new), len(new))
    bodies = b"".join(file.read_bytes() for file in sorted((RECORDED / "coingecko").glob("markets-202[45]-*.json")))
    payloads = await query("SELECT external_id, payload FROM raw_assets")
    assert len(payloads) == len(old) + second.inserted + second.updated
    assert all(payload.encode() in bodies and json.loads(payload)["id"] == key for key, payload in payloads)


async def test_tickers_of_coinpaprika(ingest: Ingest, query: Query, sources: tuple[CoinGecko, CoinPaprika]) -> None:
    _, coinpaprika = sources
    body = (RECORDED / "coinpaprika" / "tickers-2021-08-12.json").read_bytes()
    rows = sorted(json.loads(body), key=lambda row: row["id"])
    assert (await ingest(coinpaprika, batch_size=1000)).inserted == len(rows)
    assert as_times(await query(ASSETS)) == [expected_ticker(row) for row in rows]
    assert all(payload.encode() in body for (payload,) in await query("SELECT payload FROM raw_assets"))
    assert (await ingest(coinpaprika)).unchanged == len(rows)

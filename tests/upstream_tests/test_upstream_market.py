"""The generated market: deterministic, moving, and as odd as the real ones."""

import json
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.upstream import START, Market, coingecko, coinpaprika
from tests.upstream.coins import Quirk

WINDOWS = ("1h", "24h", "7d", "1y")


def gecko_body(market: Market, at: datetime = START) -> bytes:
    return coingecko.markets(market.at(at).coingecko, WINDOWS)


def paprika_body(market: Market, at: datetime = START) -> bytes:
    return coinpaprika.tickers(market.at(at).coinpaprika)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(300, churn=0)


@pytest.fixture(scope="module")
def gecko(market: Market) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in json.loads(gecko_body(market))}


@pytest.fixture(scope="module")
def paprika(market: Market) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in json.loads(paprika_body(market))}


def test_same_seed_and_time_give_the_same_bytes() -> None:
    moved = Market(200, seed=7)
    moved.at(START + timedelta(days=3))
    assert gecko_body(moved) == gecko_body(Market(200, seed=7))
    assert paprika_body(moved) == paprika_body(Market(200, seed=7))
    assert gecko_body(moved) != gecko_body(Market(200, seed=8))


def test_a_larger_market_starts_with_the_same_coins() -> None:
    small, large = Market(100).coins, Market(400).coins
    assert large[: len(small)] == small


def test_time_moves_prices_and_ranks_but_leaves_some_rows_alone() -> None:
    market = Market(2000)
    before, after = (json.loads(gecko_body(market, START + timedelta(minutes=m))) for m in (0, 2))
    old = {row["id"]: row for row in before}
    changed = sum(row != old.get(row["id"]) for row in after)
    assert 0.1 < changed / len(after) < 0.9
    later = json.loads(gecko_body(market, START + timedelta(days=2)))
    assert [row["id"] for row in later] != [row["id"] for row in before]


def test_coins_appear_and_vanish() -> None:
    market = Market(2000, churn=0.1)
    before, after = ({q.id for q in market.at(START + timedelta(hours=h)).coingecko} for h in (0, 6))
    assert before - after
    assert after - before


def test_without_churn_every_coin_is_listed() -> None:
    assert len(Market(500, churn=0).at(START).coingecko) == 500


def test_rows_fall_strictly_by_market_cap_and_ranks_do_not_follow() -> None:
    quotes = Market(3000).at(START).coingecko
    caps = [quote.market_cap or 0 for quote in quotes]
    ranks = [quote.rank for quote in quotes if quote.rank]
    assert caps == sorted(caps, reverse=True)
    assert ranks != sorted(ranks)
    assert max(ranks) > len(ranks)  # gaps
    assert len(set(ranks)) == len(ranks)


def test_nothing_is_updated_in_the_future_and_only_dead_coins_long_ago() -> None:
    snapshot = Market(1000).at(START)
    ages = {q.id: snapshot.moment - q.updated for q in snapshot.coingecko}
    dead = {q.id for q in snapshot.coingecko if Quirk.DEAD in q.coin.quirks}
    assert min(ages.values()) >= 0
    assert max(age for id_, age in ages.items() if id_ not in dead) < 420_000
    assert max(ages[id_] for id_ in dead) > 20 * 86_400_000
    assert all(0 <= snapshot.moment - q.updated < 1_020_000 for q in snapshot.coinpaprika)


def test_ids_are_unique_and_symbols_are_not() -> None:
    snapshot = Market(2500).at(START)
    for quotes in (snapshot.coingecko, snapshot.coinpaprika):
        assert len({quote.id for quote in quotes}) == len(quotes)
    symbols = Counter(quote.symbol.lower() for quote in snapshot.coingecko)
    shared = sum(count for count in symbols.values() if count > 1)
    assert 0.05 < shared / len(snapshot.coingecko) < 0.25


def test_about_half_of_the_coins_are_on_both_upstreams() -> None:
    market = Market(2000)
    assert 0.4 < len(market.pairs()) / 2000 < 0.7
    assert market.pairs()["havven"] == "snx-synthetix-network-token"


@pytest.mark.parametrize("id_", ["-2", "28", "1move token", "x_y", "harbour-old[old]"])
def test_odd_ids(gecko: dict[str, Any], id_: str) -> None:
    assert id_ in gecko


@pytest.mark.parametrize(
    ("id_", "field", "value"),
    [
        ("quiet-coin", "symbol", ""),
        ("wide-blank", "symbol", '"\u3000"'),
        ("rocket-frog", "symbol", "🚀🐸"),
        ("dragon-horse", "name", "龙马币"),
        ("harbor-lights", "name", "Harbor Lights\u00a0"),
        ("salt-pepper", "name", "Salt & Pepper <v2>"),
        ("loud-symbol", "symbol", "LOUD"),
        ("specimen-no-cap", "market_cap", None),
        ("specimen-no-cap", "market_cap_rank", None),
        ("specimen-zero-cap", "market_cap", 0),
        ("specimen-no-fdv", "fully_diluted_valuation", None),
        ("specimen-no-volume", "total_volume", 0.0),
        ("specimen-no-total", "total_supply", None),
        ("specimen-no-max", "max_supply", None),
        ("specimen-zero-circulating", "circulating_supply", 0.0),
        ("specimen-zero-atl", "atl", 0.0),
        ("specimen-dead", "high_24h", None),
        ("specimen-dead", "price_change_percentage_24h", None),
        ("specimen-young", "price_change_percentage_1y_in_currency", None),
        ("bitcoin", "roi", None),
    ],
)
def test_odd_values_of_coingecko(gecko: dict[str, Any], id_: str, field: str, value: object) -> None:
    assert gecko[id_][field] == value


def test_odd_figures_of_coingecko(gecko: dict[str, Any]) -> None:
    assert gecko["specimen-roi"]["roi"].keys() == {"times", "currency", "percentage"}
    assert gecko["specimen-above-ath"]["current_price"] > gecko["specimen-above-ath"]["ath"]
    assert gecko["specimen-zero-atl"]["atl_change_percentage"] > 1e36
    assert gecko["specimen-over-total"]["circulating_supply"] > gecko["specimen-over-total"]["total_supply"]
    assert gecko["specimen-over-max"]["circulating_supply"] > gecko["specimen-over-max"]["max_supply"]
    assert gecko["atomdust"]["current_price"] < 1e-17
    assert gecko["atomdust"]["circulating_supply"] > 1e23
    assert {type(row["current_price"]) for row in gecko.values()} == {int, float}


def test_text_is_written_as_rails_writes_it(market: Market) -> None:
    body = gecko_body(market).decode()
    assert "Salt \\u0026 Pepper \\u003cv2\\u003e" in body
    assert "4.2e+17" in body
    assert "龙马币" in body


@pytest.mark.parametrize(
    ("id_", "field", "value"),
    [
        ("sp-unknown-supply", "circulating_supply", 0),
        ("sp-unknown-total", "total_supply", 0),
        ("sp-unknown-max", "max_supply", 0),
        ("sp-int64-max", "max_supply", 2**63 - 1),
        ("sp-rank-zero", "rank", 0),
        ("sp-no-first-data", "first_data_at", "1970-01-01T00:00:00Z"),
        ("sp-wild", "beta_value", -11_306_700),
        ("sp-blank-tail", "name", "Specimen Blank Tail "),
        ("-pennywise", "symbol", ""),
        ("qch-qchia-", "symbol", "QCH"),
        ("0xmix-mixed", "symbol", "0xMIX"),
    ],
)
def test_odd_values_of_coinpaprika(paprika: dict[str, Any], id_: str, field: str, value: object) -> None:
    assert paprika[id_][field] == value


def test_odd_quotes_of_coinpaprika(paprika: dict[str, Any]) -> None:
    usd = {id_: row["quotes"]["USD"] for id_, row in paprika.items()}
    assert usd["sp-unknown-supply"]["market_cap"] == 0
    assert usd["sp-no-ath"]["ath_price"] is usd["sp-no-ath"]["ath_date"] is None
    assert usd["sp-wild"]["percent_change_1y"] == 107_649_910
    assert usd["sp-no-volume"]["volume_24h"] == 0
    assert usd["ato-atomdust"]["price"] < 1e-17


def test_coinpaprika_is_not_sorted_by_rank_and_writes_as_go(market: Market, paprika: dict[str, Any]) -> None:
    body = paprika_body(market).decode()
    ranks = [row["rank"] for row in paprika.values()]
    assert ranks[0] == 1
    assert ranks != sorted(ranks)
    assert body.endswith("}]\n")
    assert "e-18," in body
    parsed = json.loads(body, parse_float=Decimal, parse_int=str)
    assert not any(str(row["circulating_supply"]).endswith(".0") for row in parsed)


def test_the_coins_of_coinpaprika_without_ticker_are_inactive(market: Market) -> None:
    snapshot = market.at(START)
    rows = json.loads(coinpaprika.coins(snapshot.coinpaprika, snapshot.inactive))
    active = {row["id"] for row in rows if row["is_active"]}
    assert active == {quote.id for quote in snapshot.coinpaprika}
    assert 0 < len(active) < len(rows)

"""What speaks for and against two assets being one coin."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.likeness import Likeness
from etl.identity.contracts import normalized
from etl.identity.evidence import Judgement, judge
from etl.identity.grouping import LINKED
from etl.identity.names import profile

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def gecko(external_id: str, symbol: str, name: str, **facts: Any) -> Likeness:
    return Likeness("coingecko", external_id, symbol, name, **facts)


def paprika(external_id: str, symbol: str, name: str, **facts: Any) -> Likeness:
    return Likeness("coinpaprika", external_id, symbol, name, **facts)


def judged(one: Likeness, other: Likeness) -> Judgement:
    return judge(profile(one), profile(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (gecko("hedera-hashgraph", "hbar", "Hedera"), paprika("hbar-hedera-hashgraph", "HBAR", "Hedera Hashgraph")),
        (gecko("binancecoin", "bnb", "BNB"), paprika("bnb-binance-coin", "BNB", "Binance Coin")),
        (gecko("fetch-ai", "fet", "Alliance"), paprika("fetch-ai", "FET", "Fetch.AI")),
        (gecko("iexec-rlc", "rlc", "iExec RLC "), paprika("rlc-iexec-rlc", "RLC", "iExec RLC")),
        (gecko("yfii-finance", "yfii", "DFI.money"), paprika("yfii-dfimoney", "YFII", "DFI.Money")),
        (gecko("conflux-token", "cfx", "Conflux"), paprika("cfx-conflux-network", "CFX", "Conflux Network")),
    ],
)
def test_a_name_is_known_in_every_form(one: Likeness, other: Likeness) -> None:
    assert judged(one, other).score >= LINKED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (gecko("radix", "xrd", "Radix"), paprika("xrd-raven-dark", "XRD", "Raven Dark")),
        (gecko("dai", "dai", "Dai"), paprika("dai-daimler-ag", "DAI", "Daimler AG")),
        (gecko("dash", "dash", "Dash"), paprika("dash-doordash-inc", "DASH", "DoorDash Inc")),
        (gecko("convex-finance", "cvx", "Convex Finance"), paprika("cvx-chevron", "CVX", "Chevron")),
        (gecko("binance-peg-dogecoin", "doge", "Binance-Peg Dogecoin"), paprika("doge-dogecoin", "DOGE", "Dogecoin")),
        (gecko("wrapped-bitcoin", "btc", "Wrapped Bitcoin"), paprika("btc-bitcoin", "BTC", "Bitcoin")),
        (gecko("portal-2", "portal", "Portal"), paprika("portal-portal", "PORTAL", "Portal")),
        (gecko("aurora-dao", "idex", "IDEX"), paprika("aoa-aurora", "AOA", "Aurora")),
        (gecko("hempcoin-thc", "thc", "Hempcoin"), paprika("hmp-hempcoin", "HMP", "HempCoin")),
        (gecko("-", "btc", ""), paprika("btc-bitcoin", "BTC", "Bitcoin")),
        (gecko(".", "", " "), paprika("-", "", "")),
        (gecko("mars-protocol-a7fc", "mars", "Mars Protocol"), paprika("mars-mars-network", "MARS", "Mars Network")),
    ],
)
def test_traps_are_not_linked(one: Likeness, other: Likeness) -> None:
    assert judged(one, other).score < LINKED


@pytest.mark.parametrize("price", [1.0, 4.2])
def test_a_symbol_alone_is_never_enough_whatever_the_price(price: float) -> None:
    figures = {"price_usd": price, "market_cap_usd": 1e8, "rank": 90, "last_updated": NOW}
    one, other = gecko("alpha", "abc", "Alpha", **figures), paprika("abc-zebra", "ABC", "Zebra", **figures)
    assert judged(one, other).score < LINKED


def test_figures_are_compared_only_where_they_are_of_one_time() -> None:
    one = gecko("alpha", "abc", "Alpha", price_usd=1.5, last_updated=NOW)
    for hours, expected in ((0.5, True), (3, False), (24 * 365, False)):
        other = paprika("abc-alpha", "ABC", "Alpha", price_usd=90.0, last_updated=NOW - timedelta(hours=hours))
        assert any("price" in text for text in judged(one, other).evidence) is expected
        assert (judged(one, other).score < LINKED) is expected


def test_an_all_time_high_is_evidence_however_far_apart_the_readings_are() -> None:
    high = {"ath_usd": 28.5, "ath_at": NOW - timedelta(days=1900)}
    one = gecko("havven", "snx", "Synthetix", last_updated=NOW, **high)
    other = paprika("snx-other", "SNX", "Nothing alike", last_updated=NOW - timedelta(days=1500), **high)
    assert judged(one, other).evidence[2] == "all-time high within 0.1 % and 0 days"
    assert judged(one, other).weight > judged(gecko("havven", "snx", "Synthetix"), other).weight


def test_a_contract_decides_either_way() -> None:
    here, there = ("ethereum", "0xaa"), ("ethereum", "0xbb")
    one = gecko("alpha", "abc", "Alpha", contracts=(here,))
    same = judged(one, paprika("xyz-zebra", "XYZ", "Wrapped Zebra", contracts=(here,)))
    other = judged(one, paprika("abc-alpha", "ABC", "Alpha", contracts=(there,)))
    elsewhere = judged(one, paprika("abc-alpha", "ABC", "Alpha", contracts=(("tron", "T1"),)))
    assert (same.contract, other.contract, elsewhere.contract) == (True, False, None)
    assert same.score >= LINKED > other.score
    assert same.evidence[0] == "same contract 0xaa on ethereum"


def test_the_order_of_the_two_does_not_matter() -> None:
    one, other = gecko("a", "x", "A", rank=3, price_usd=2.0), paprika("x-a", "X", "A Coin", rank=5, price_usd=1.0)
    assert judged(one, other) == judged(other, one)


def test_contracts_are_equal_whatever_the_source_calls_the_platform() -> None:
    assert normalized("eth-ethereum", " 0xABcd ") == normalized("ethereum", "0xabCD") == ("ethereum", "0xabcd")
    assert normalized("solana", "AbC") != normalized("solana", "aBc")
    assert normalized("ethereum", "") is None


def test_what_is_said_stays_the_same_while_figures_move_a_little() -> None:
    one = gecko("alpha", "abc", "Alpha", price_usd=100.0, last_updated=NOW)
    near, moved = (
        paprika("abc-alpha", "ABC", "Alpha", price_usd=price, last_updated=NOW) for price in (100.15, 100.18)
    )
    assert "price within 0.2 % at the same time" in judged(one, near).evidence
    assert judged(one, near) == judged(one, moved)

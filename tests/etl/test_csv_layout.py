"""Header texts -> unified columns, and rows -> assets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.csv_format.headers import SYNONYMS, fold, target_of
from etl.csv_format.layout import layout_of, name_the_symbols
from etl.errors import RecordInvalid


def columns(header: str) -> dict[str, str]:
    layout = layout_of(header)
    return {target: layout.names[column] for target, column in layout.columns.items()}


def asset(header: str, row: str) -> dict[str, Any]:
    made = layout_of(header).asset(row)
    return {field: getattr(made, field) for field in made.__struct_fields__}


def refusal(header: str, row: str) -> tuple[str, str]:
    with pytest.raises(RecordInvalid) as refused:
        layout_of(header).asset(row)
    return refused.value.reason, refused.value.detail


@pytest.mark.parametrize("target", [target for target in SYNONYMS if target != "slug"])
def test_every_unified_column_goes_by_its_own_name(target: str) -> None:
    assert target_of(target) == (target, 0)


def test_no_header_names_two_columns() -> None:
    synonyms = [synonym for names in SYNONYMS.values() for synonym in names.split()]
    assert len(synonyms) == len(set(synonyms))
    assert all(fold(synonym) == synonym for synonym in synonyms if not synonym.endswith("inusd"))


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("24h_volume_usd", "volume_24h_usd"),
        ("Volume(24h)", "volume_24h_usd"),
        ("Volume (24h)", "volume_24h_usd"),
        ("volumeUsd24Hr", "volume_24h_usd"),
        ("24h_%", "percent_change_24h"),
        ("% 24h", "percent_change_24h"),
        ("changePercent24Hr", "percent_change_24h"),
        ("7d%", "percent_change_7d"),
        ("percent_change_hour", "percent_change_1h"),
        ("price_change_percentage_1h_in_currency", "percent_change_1h"),
        ("available_supply", "circulating_supply"),
        ("TotalCoinsMined", "circulating_supply"),
        ("TotalCoinSupply", "max_supply"),
        ("maxSupply", "max_supply"),
        ("Market_Cap", "market_cap_usd"),
        ("Market Cap ($)", "market_cap_usd"),
        ("quote.USD.market_cap", "market_cap_usd"),
        ("quotes.USD.ath_price", "ath_usd"),
        ("quote.USD.price", "price_usd"),
        ("Price (USD)", "price_usd"),
        ("price in USD", "price_usd"),
        ("current_price", "price_usd"),
        ("cmc_rank", "rank"),
        ("market_cap_rank", "rank"),
        ("#", "rank"),
        ("ticker_symbol", "symbol"),
        ("coin_name", "name"),
        ("CoinName", "name"),
        ("Last Updated", "last_updated"),
        ("ath_date", "ath_at"),
        ("url", "slug"),
    ],
)
def test_knows_the_names_found_in_the_wild(header: str, target: str) -> None:
    named = target_of(header)
    assert named is not None
    assert named[0] == target


@pytest.mark.parametrize(
    "header",
    ["", "row_id", "Unnamed: 0", "Volume(2)", "price_btc", "price_eur", "quote.EUR.price", "roi", "price_change_24h",
     "ath_change_percentage", "atl", "image", "high_24h", "fully_diluted_valuation", "Algorithm"],
)  # fmt: skip
def test_leaves_other_columns_alone(header: str) -> None:
    assert target_of(header) is None


@pytest.mark.parametrize(
    ("header", "target", "best"),
    [
        ("price,price_usd", "price_usd", "price_usd"),
        ("volume,Volume(24h)", "volume_24h_usd", "Volume(24h)"),
        ("price_change_percentage_24h_in_currency,price_change_percentage_24h", "percent_change_24h",
         "price_change_percentage_24h"),
        ("rank,market_cap_rank", "rank", "rank"),
        ("date,last_updated", "last_updated", "last_updated"),
        ("url,slug", "slug", "slug"),
        ("Price ,price", "price_usd", "Price"),
    ],
)  # fmt: skip
def test_the_better_name_wins_and_the_first_of_equals(header: str, target: str, best: str) -> None:
    assert columns("id," + header)[target] == best


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_finds_the_delimiter(delimiter: str) -> None:
    header = delimiter.join(["id", "symbol", '"price, usd; best"', "market_cap"])
    row = delimiter.join(["bitcoin", "BTC", "1", '"2"'])
    assert layout_of(header).delimiter == delimiter
    assert asset(header, row)["market_cap_usd"] == 2.0


def test_the_delimiter_is_the_one_that_makes_sense() -> None:
    assert layout_of("id;price, in usd;market cap, in usd").delimiter == ";"


@pytest.mark.parametrize(
    ("header", "row", "external_id"),
    [
        ("external_id,id,symbol", "bitcoin,1,BTC", "bitcoin"),
        ("coin_id,slug,symbol", "1,bitcoin,BTC", "1"),
        ("slug,symbol,name", "bitcoin,BTC,Bitcoin", "bitcoin"),
        ("name,url", "BTC,https://coinmarketcap.com/currencies/bitcoin/", "bitcoin"),
        ("name,url", "BTC,https://www.coingecko.com/en/coins/bitcoin?x=1", "bitcoin"),
        ("name,link", "BTC,/currencies/bitcoin/markets/", "bitcoin"),
        ("name,url", "Bitcoin,https://bitcoin.org/en", "bitcoin"),
        ("symbol,name", "BTC,Bitcoin", "btc-bitcoin"),
        ("symbol,name", " BTC , Bitcoin  Cash ", "btc-bitcoin-cash"),
        ("symbol,name", "$$$,@", "$$$-@"),
        ("symbol,name", "BTC,", "btc"),
        ("symbol,name", ",Bitcoin", "bitcoin"),
        ("row_id,name", "7,BTC", "btc"),
        ("id\tname", '"a\tb"\tX', "a b"),
    ],
)
def test_takes_the_best_identity_there_is(header: str, row: str, external_id: str) -> None:
    assert asset(header, row)["external_id"] == external_id
    assert layout_of(header).external_id_in(row) == external_id


@pytest.mark.parametrize(
    ("header", "row", "symbol", "name"),
    [
        ("id,symbol,name", "x, BTC , Bitcoin ", "BTC", "Bitcoin"),
        ("id,name", "x,BTC", "BTC", "BTC"),
        ("id,symbol", "x,BTC", "BTC", "BTC"),
        ("id,symbol,name", "x,,Bitcoin", "Bitcoin", "Bitcoin"),
        ("id,price", "x,1", "x", "x"),
    ],
)
def test_symbol_and_name_stand_in_for_each_other(header: str, row: str, symbol: str, name: str) -> None:
    made = asset(header, row)
    assert (made["symbol"], made["name"]) == (symbol, name)


def test_zero_stays_zero_and_empty_is_unknown() -> None:
    made = asset("id,price,market_cap,rank,last_updated", "x,0,,,")
    assert (made["price_usd"], made["market_cap_usd"], made["rank"], made["last_updated"]) == (0.0, None, None, None)


@pytest.mark.parametrize(
    ("header", "row", "reason", "detail"),
    [
        ("id,price", "x,1.5 2.5", "bad_number", "price_usd: '1.5 2.5'"),
        ("id,price", f"x,{'y' * 100}", "bad_number", f"price_usd: '{'y' * 80}'"),
        ("id,supply", "x,{'times': 4}", "bad_number", "circulating_supply: \"{'times': 4}\""),
        ("id,rank", "x,1.5", "bad_number", "rank: '1.5'"),
        ("id,ath_date", "x,soon", "bad_date", "ath_at: 'soon'"),
        ("id,last_updated", "x,1969-01-01", "bad_date", "last_updated: '1969-01-01'"),
        ("id,symbol", " ,BTC", "missing_id", "no id, slug, symbol or name"),
        ("id,price", "x,1,234", "too_many_cells", "3 cells under 2 headers"),
        ("id,symbol,price", "x,BTC", "too_few_cells", "2 cells under 3 headers"),
    ],
)
def test_says_what_is_wrong(header: str, row: str, reason: str, detail: str) -> None:
    assert refusal(header, row) == (reason, detail)


@pytest.mark.parametrize(("header", "row"), [("id,price", "x,1,,"), ("id,price,", "x,1"), ("id,price,,", "x,1,")])
def test_empty_cells_at_the_end_do_not_count(header: str, row: str) -> None:
    assert asset(header, row)["price_usd"] == 1.0


@pytest.mark.parametrize("row", ['"x,1', 'x,"1\rx",2\ry', f'"{"x" * 200_000}",1'])
def test_broken_quoting_is_damage(row: str) -> None:
    assert refusal("id,price", row)[0] in {"damaged", "too_few_cells"}


@pytest.mark.parametrize(
    ("header", "rows", "named"),
    [
        ("Unnamed: 0.1,Unnamed: 0,CoinName", ["0,42,42 Coin", "1,BTC,Bitcoin"], "Unnamed: 0.1,symbol,CoinName"),
        (",name", ["BTC,Bitcoin", "ETH,Ether"], "symbol,name"),
        ('"";name;"a, b"', ["BTC;Bitcoin;1"], "symbol;name;a, b"),
        (",name", ["0,Bitcoin", "1,Ether"], ",name"),
        (",name", ["3,Bitcoin", "8,Ether"], ",name"),
        (",name", ["BTC,Bitcoin", ",Ether"], ",name"),
        (",symbol,name", ["a,BTC,Bitcoin"], ",symbol,name"),
        (",name", [], ",name"),
    ],
)
def test_an_unnamed_column_may_be_the_symbol(header: str, rows: list[str], named: str) -> None:
    assert name_the_symbols(header, rows) == named


TEXTS = st.text() | st.text('",;\t|\n\r idprcena_%19', max_size=40)


@given(TEXTS, TEXTS)
def test_any_text_makes_an_asset_or_is_refused(header: str, row: str) -> None:
    for text in (header, "id,symbol,name,rank,price,ath,ath_date,last_updated", "\tname"):
        try:
            layout_of(text).asset(row)
        except RecordInvalid:
            continue


@given(st.lists(TEXTS, max_size=5), TEXTS)
def test_any_sample_gives_a_header_of_the_same_width(rows: list[str], header: str) -> None:
    before, after = layout_of(header), layout_of(name_the_symbols(header, rows))
    assert (after.delimiter, len(after.names)) == (before.delimiter, len(before.names))

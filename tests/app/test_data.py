"""/data: every asset once, in order, found by any case; what cannot be used is refused by name."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.catalog import SORTABLE
from db.engine import Database
from graphql_schema import ids
from tests.app.serving import only_sqlite
from tests.graphql_schema import rows

COINS = [
    rows.asset(1, symbol="BTC", name="Bitcoin", rank=1, price_usd=95_000.0, last_updated=rows.START),
    rows.asset(2, symbol="btc", name="Straße", rank=None, price_usd=None, source="csv"),
    rows.asset(3, symbol="İST", name="İstanbul", rank=1, price_usd=0.5),
    rows.asset(4, symbol="币", name="火币 积分", rank=3, price_usd=-1.0),
    rows.asset(5, symbol="100%", name="under_score", rank=2, price_usd=0.5, source="csv"),
    rows.asset(6, symbol="X!", name="back\\slash", rank=None, price_usd=1e22),
]


@pytest.fixture
async def coins(database: Database, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of an application that knows COINS."""
    await rows.write_assets(database, *COINS)
    return client


async def numbers(client: httpx.AsyncClient, **parameters: Any) -> list[int]:
    """Row ids of the page."""
    answer = await client.get("/data", params=parameters)
    assert answer.status_code == 200, answer.text
    return [int(ids.decode(asset["id"]).key) for asset in answer.json()["data"]]  # type: ignore[union-attr]


async def walk(client: httpx.AsyncClient, **parameters: str) -> list[int]:
    """Row ids of all pages, following the cursors. Offset 0 may stand beside a cursor."""
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = {**parameters, "cursor": cursor, "offset": "0"}
        found += await numbers(client, **page)
        cursor = (await client.get("/data", params=page)).json()["paging"]["next_cursor"]
    return found


async def refused(client: httpx.AsyncClient, query: str) -> list[str]:
    """Names of the refused parameters."""
    answer = await client.get(f"/data?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    return [error["parameter"] for error in answer.json()["errors"]]


async def test_an_asset_has_every_column(coins: httpx.AsyncClient) -> None:
    answer = (await coins.get("/data?limit=1")).json()
    assert answer["data"] == [
        {
            "id": ids.encode("Asset", 1), "external_id": "coin-1", "symbol": "BTC", "name": "Bitcoin",
            "source": "coingecko", "rank": 1, "price_usd": 95_000.0, "market_cap_usd": None, "volume_24h_usd": None,
            "percent_change_1h": None, "percent_change_24h": None, "percent_change_7d": None,
            "circulating_supply": None, "total_supply": None, "max_supply": None, "ath_usd": None, "ath_at": None,
            "last_updated": "2025-01-20T10:36:06.480000Z", "first_seen_at": "2025-01-20T10:36:06.480000Z",
            "updated_at": "2025-01-20T10:36:06.480000Z",
        }
    ]  # fmt: skip


async def test_the_envelope(coins: httpx.AsyncClient) -> None:
    answer = await coins.get("/data?limit=4")
    body = answer.json()
    cursor = body["paging"].pop("next_cursor")
    assert body["paging"] == {"limit": 4, "offset": 0, "total": 6, "has_more": True}
    assert isinstance(cursor, str)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert 0 < body["api_latency_ms"] <= float(answer.headers["x-api-latency-ms"])


async def test_the_last_page_says_so(coins: httpx.AsyncClient) -> None:
    paging = (await coins.get("/data?offset=5")).json()["paging"]
    assert paging == {"limit": 50, "offset": 5, "total": 6, "has_more": False, "next_cursor": None}


async def test_nothing_at_all(client: httpx.AsyncClient) -> None:
    body = (await client.get("/data")).json()
    assert body["data"] == []
    assert body["paging"] == {"limit": 50, "offset": 0, "total": 0, "has_more": False, "next_cursor": None}


async def test_the_default_order_is_by_rank_then_id_with_unknown_ranks_last(coins: httpx.AsyncClient) -> None:
    assert await numbers(coins) == [1, 3, 5, 4, 2, 6]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-rank", [4, 5, 1, 3, 2, 6]),
        ("price_usd", [4, 3, 5, 1, 6, 2]),
        ("-price_usd", [6, 1, 3, 5, 4, 2]),
        ("-id", [6, 5, 4, 3, 2, 1]),
        ("symbol", [5, 1, 2, 3, 6, 4]),
        ("-last_updated", [1, 2, 3, 4, 5, 6]),
    ],
)
async def test_sorting(coins: httpx.AsyncClient, sort: str, expected: list[int]) -> None:
    assert await numbers(coins, sort=sort) == expected


async def test_every_sort_pages_through_every_asset_once(coins: httpx.AsyncClient) -> None:
    for sort in [sign + name for name in SORTABLE for sign in ("", "-")]:
        whole = await numbers(coins, sort=sort)
        by_offset = [row_id for offset in (0, 4) for row_id in await numbers(coins, sort=sort, limit=4, offset=offset)]
        assert sorted(whole) == [1, 2, 3, 4, 5, 6], sort
        assert by_offset == whole == await walk(coins, sort=sort, limit="4"), sort


async def test_cursors_honour_q_and_source(coins: httpx.AsyncClient) -> None:
    assert await walk(coins, q="c", source="csv", sort="-rank", limit="1") == [5, 2]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("bTc", [1, 2]),
        ("COIN-4", [4]),
        ("STRASSE", [2]),
        ("straße", [2]),
        ("İstanbul", [3]),
        ("火币", [4]),
        ("币 积", [4]),
        ("%", [5]),
        ("_", [5]),
        ("\\", [6]),
        ("!", [6]),
        ("no such coin", []),
        ("' OR 1=1 --", []),
        ("\0", []),
        ("😀", []),
    ],
)
async def test_q_finds_text_whatever_the_case(coins: httpx.AsyncClient, q: str, expected: list[int]) -> None:
    answer = await coins.get("/data", params={"q": q})
    assert await numbers(coins, q=q, sort="id") == expected
    assert answer.json()["paging"]["total"] == len(expected)


async def test_source_limits_page_and_total(coins: httpx.AsyncClient) -> None:
    assert await numbers(coins, source="csv") == [5, 2]
    assert (await coins.get("/data?source=CSV&limit=1")).json()["paging"]["total"] == 2
    assert await numbers(coins, source="coinpaprika") == []


@only_sqlite
async def test_empty_text_parameters_count_as_not_given(coins: httpx.AsyncClient) -> None:
    assert len(await numbers(coins, q="", source="", sort="", cursor="")) == 6


@only_sqlite
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("limit=0", ["limit"]),
        ("limit=501", ["limit"]),
        ("limit=-1", ["limit"]),
        ("limit=", ["limit"]),
        ("limit", ["limit"]),
        ("limit=1.5", ["limit"]),
        ("limit=1e2", ["limit"]),
        ("limit=1_0", ["limit"]),
        ("limit=%D9%A3", ["limit"]),
        ("limit=ten", ["limit"]),
        ("limit=" + "9" * 5000, ["limit"]),
        ("limit=10%00", ["limit"]),
        ("offset=-1", ["offset"]),
        ("offset=100001", ["offset"]),
        ("offset=" + "9" * 40, ["offset"]),
        ("sort=nonsense", ["sort"]),
        ("sort=--rank", ["sort"]),
        ("sort=symbol_folded", ["sort"]),
        ("sort=rank,id", ["sort"]),
        ("sort=rank;DROP TABLE assets", ["sort"]),
        ("source=binance", ["source"]),
        ("source=%00", ["source"]),
        ("q=" + "a" * 1001, ["q"]),
        ("q=%FF", ["q"]),
        ("q=%ED%A0%80", ["q"]),
        ("cursor=nonsense", ["cursor"]),
        ("cursor=%00", ["cursor"]),
        ("cursor=" + "W" * 9000, ["cursor"]),
        ("limit=1&limit=1", ["limit"]),
        ("q=a&q=a", ["q"]),
        ("page=2", ["page"]),
        ("Limit=2", ["Limit"]),
        ("=2", [""]),
        ("%FF=2", ["?"]),
        ("limit=0&offset=x&sort=y&nope=1", ["nope", "limit", "sort", "offset"]),
    ],
)
async def test_what_cannot_be_used_is_named(coins: httpx.AsyncClient, query: str, names: list[str]) -> None:
    assert sorted(await refused(coins, query)) == sorted(names)


@only_sqlite
async def test_refusals_help_on(coins: httpx.AsyncClient) -> None:
    async def detail(query: str) -> str:
        errors = (await coins.get(f"/data?{query}")).json()["errors"]
        return str(errors[0]["detail"])

    assert "cursor" in await detail("offset=100001")
    assert "coingecko, coinpaprika, csv" in await detail("source=binance")
    assert "price_usd" in await detail("sort=price")
    assert "limit, offset, q" in await detail("page=1")


@only_sqlite
async def test_a_cursor_goes_with_no_offset_and_no_other_list(coins: httpx.AsyncClient) -> None:
    cursor = (await coins.get("/data?limit=1")).json()["paging"]["next_cursor"]
    assert await refused(coins, f"cursor={cursor}&offset=1") == ["offset"]
    for changed in ("q=b", "source=csv", "sort=-rank"):
        assert await refused(coins, f"cursor={cursor}&{changed}") == ["cursor"]


@only_sqlite
async def test_errors_are_named_up_to_a_point(coins: httpx.AsyncClient) -> None:
    assert len(await refused(coins, "&".join(f"x{n}=1" for n in range(2000)))) == 20


_bytes = st.binary(max_size=20) | st.sampled_from([b"\0", b"\xed\xa0\x80", "😀".encode(), b"9" * 30, b"-1", b"%"])
_names = st.sampled_from([b"limit", b"offset", b"q", b"source", b"sort", b"cursor"]) | st.binary(max_size=5)


@only_sqlite
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(_names, _bytes), max_size=4))
async def test_no_bytes_bring_it_down(coins: httpx.AsyncClient, pairs: list[tuple[bytes, bytes]]) -> None:
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
    answer = await coins.get(f"/data?{query}")
    assert answer.status_code in {200, 422}
    assert answer.json()

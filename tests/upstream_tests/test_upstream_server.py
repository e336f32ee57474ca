"""The endpoints, as a real client sees them."""

import json
from typing import Any

import httpx
import pytest

from tests.upstream import Fault, Keys, Upstream, serve, serve_in_thread, start_upstream

MARKETS = "/api/v3/coins/markets"
USD = {"vs_currency": "usd"}


async def rows(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get(MARKETS, params={**USD, **query})
    assert answer.status_code == 200
    read: list[dict[str, Any]] = answer.json()
    return read


async def test_pages_go_on_until_an_empty_one(client: httpx.AsyncClient) -> None:
    pages = [await rows(client, per_page=250, page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [250, 50, 0]
    assert len({row["id"] for page in pages for row in page}) == 300


@pytest.mark.parametrize(("asked", "given"), [(None, 100), (15, 15), (251, 250)])
async def test_page_sizes(client: httpx.AsyncClient, asked: int | None, given: int) -> None:
    assert len(await rows(client, **({"per_page": asked} if asked else {}))) == given


async def test_changes_in_currency_come_only_when_asked_for(client: httpx.AsyncClient) -> None:
    plain, asked = await rows(client), await rows(client, price_change_percentage="1h,24h,7d")
    assert not any(key.endswith("_in_currency") for key in plain[0])
    assert [key for key in asked[0] if key.endswith("_in_currency")] == [
        f"price_change_percentage_{word}_in_currency" for word in ("1h", "24h", "7d")
    ]


async def test_nonsense_counts_as_not_asked(client: httpx.AsyncClient) -> None:
    assert await rows(client, per_page="many", page="\u00b2", order="up") == await rows(client)


async def test_filters_and_orders(client: httpx.AsyncClient) -> None:
    assert [row["id"] for row in await rows(client, ids="tether,bitcoin,nothing")] == ["bitcoin", "tether"]
    assert "bitcoin" in [row["id"] for row in await rows(client, symbols="BTC,btc")]
    volumes = [row["total_volume"] for row in await rows(client, order="volume_asc")]
    assert volumes == sorted(volumes)


async def test_headers_and_compression(client: httpx.AsyncClient) -> None:
    zipped = await client.get(MARKETS, params=USD)
    plain = await client.get(MARKETS, params=USD, headers={"accept-encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content
    assert plain.headers["etag"].startswith('W/"')
    assert plain.headers["content-type"] == "application/json; charset=utf-8"
    assert plain.headers["cache-control"] == "max-age=30, public, must-revalidate, s-maxage=30"


async def test_not_modified_only_where_switched_on(client: httpx.AsyncClient, upstream: Upstream) -> None:
    etag = (await client.get(MARKETS, params=USD)).headers["etag"]
    statuses = []
    for upstream.not_modified in (False, True):
        statuses.append((await client.get(MARKETS, params=USD, headers={"if-none-match": etag})).status_code)
    assert statuses == [200, 304]


async def test_coingecko_errors(client: httpx.AsyncClient) -> None:
    missing = await client.get(MARKETS)
    nameless = await client.get(MARKETS, params=USD, headers={"user-agent": ""})
    assert (missing.status_code, missing.json()) == (422, {"error": "Missing parameter vs_currency"})
    assert nameless.status_code == 403
    assert (await client.get("/api/v3/nothing")).status_code == 404
    assert "gecko_says" in (await client.get("/api/v3/ping")).json()


async def test_coins_list(client: httpx.AsyncClient) -> None:
    plain = (await client.get("/api/v3/coins/list")).json()
    full = (await client.get("/api/v3/coins/list", params={"include_platform": "true"})).json()
    ids = [row["id"] for row in plain]
    assert ids != sorted(ids)
    assert len(ids) == 300
    assert plain[0].keys() == {"id", "symbol", "name"}
    assert any(row["platforms"].get("ethereum", "").startswith("0x") for row in full)


async def test_coinpaprika(client: httpx.AsyncClient) -> None:
    tickers = await client.get("/v1/tickers", params={"quotes": "USD"})
    one = await client.get("/v1/tickers/btc-bitcoin")
    coins = await client.get("/v1/coins")
    assert tickers.content.endswith(b"]\n")
    assert tickers.headers["content-type"] == "application/json; charset=UTF-8"
    assert one.content.strip() in tickers.content
    assert len(coins.json()) > len(tickers.json())


async def test_coinpaprika_errors(client: httpx.AsyncClient) -> None:
    unknown, slash = await client.get("/v1/tickers/BTC"), await client.get("/v1/tickers/")
    assert (unknown.status_code, unknown.content) == (404, b'{"error":"id not found"}\n')
    assert (slash.status_code, slash.headers["location"]) == (301, "/v1/tickers")


@pytest.mark.parametrize(
    ("keys", "header", "status", "code"),
    [
        (Keys(coingecko_demo="d"), {}, 401, 10002),
        (Keys(coingecko_demo="d"), {"x-cg-pro-api-key": "p"}, 400, 10010),
        (Keys(coingecko_pro="p"), {"x-cg-demo-api-key": "d"}, 400, 10011),
        (Keys(coingecko_pro="p"), {"x-cg-pro-api-key": "p"}, 200, None),
        (Keys(coingecko_demo="d"), {"x-cg-demo-api-key": "d"}, 200, None),
    ],
)
async def test_coingecko_keys(
    client: httpx.AsyncClient, upstream: Upstream, keys: Keys, header: dict[str, str], status: int, code: int | None
) -> None:
    upstream.keys = keys
    answer = await client.get("/api/v3/ping", headers=header)
    assert answer.status_code == status
    assert answer.json().get("status", {}).get("error_code") == code


@pytest.mark.parametrize(("sent", "status"), [("k", 200), ("Bearer k", 200), ("x", 403)])
async def test_coinpaprika_key(client: httpx.AsyncClient, upstream: Upstream, sent: str, status: int) -> None:
    upstream.keys = Keys(coinpaprika="k")
    assert (await client.get("/v1/coins", headers={"authorization": sent})).status_code == status


async def test_the_log_tells_what_was_asked(client: httpx.AsyncClient, upstream: Upstream) -> None:
    await rows(client, page=2)
    await client.get("/v1/coins", headers={"authorization": "k"})
    first, second = upstream.requests
    assert (first.path, first.query["page"], first.status, first.faults) == (MARKETS, "2", 200, ())
    assert second.headers["authorization"] == "k"
    assert (upstream.asked(), upstream.asked("/v1/"), upstream.asked(status=404)) == (2, 1, 0)


async def test_control_moves_the_market(client: httpx.AsyncClient) -> None:
    before = await rows(client)
    state = (await client.post("/_control", json={"tick": 60, "reset": True})).json()
    assert (state["tick"], state["requests"], state["now"]) == (60, [], "2025-06-01T01:00:00+00:00")
    assert await rows(client) != before
    await client.post("/_control", json={"size": 100, "seed": 2, "churn": 0})
    assert len(await rows(client, per_page=250)) == 100
    state = (await client.get("/_control")).json()
    assert state["counts"] == {MARKETS: {"200": 2}}
    assert (state["size"], state["seed"]) == (100, 2)


async def test_control_sets_faults(client: httpx.AsyncClient, upstream: Upstream) -> None:
    rule = {"kind": "status", "status": 503, "match": {"path": "/v1/", "calls": [2, 3]}, "count": 1}
    await client.post("/_control", json={"faults": [rule]})
    statuses = [(await client.get("/v1/coins")).status_code for _ in range(4)]
    state = (await client.get("/_control")).json()
    assert statuses == [200, 503, 200, 200]
    assert (state["faults"][0]["seen"], state["faults"][0]["used"]) == (4, 1)
    assert Fault.from_json(rule) == upstream.rules[0].fault


@pytest.mark.parametrize(
    "command",
    [
        {"sede": 1},
        {"date": "2025-01-20"},
        {"faults": [{"kind": "no such"}]},
        {"faults": [{"kind": "status"}]},
        {"faults": [{"kind": "poison", "what": "no such"}]},
        {"faults": [{"kind": "error", "name": "no such"}]},
        {"faults": [{"kind": "stall", "match": {"pages": 3}}]},
        [],
    ],
)
async def test_control_refuses_what_it_does_not_know(client: httpx.AsyncClient, command: object) -> None:
    answer = await client.post("/_control", content=json.dumps(command))
    assert answer.status_code == 422


async def test_two_servers_show_the_same_bytes() -> None:
    bodies = []
    for _ in range(2):
        async with serve(Upstream(size=100)) as url, httpx.AsyncClient() as client:
            bodies.append((await client.get(url + MARKETS, params=USD)).content)
    assert bodies[0] == bodies[1]


async def test_start_and_stop() -> None:
    running = await start_upstream(Upstream(size=10))
    async with httpx.AsyncClient() as client:
        assert (await client.get(running.coingecko_url + "/ping")).status_code == 200
        assert (await client.get(running.coinpaprika_url + "/coins")).status_code == 200
        await running.stop()
        with pytest.raises(httpx.ConnectError):
            await client.get(running.coingecko_url + "/ping")


def test_in_a_thread() -> None:
    with serve_in_thread(Upstream(size=10)) as url:
        assert httpx.get(url + "/api/v3/ping").status_code == 200

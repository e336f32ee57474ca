"""Each kind of fault, seen by a real client."""

import asyncio
import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.upstream import KINDS, Fault, Match, Upstream, serve
from tests.upstream.errors import NAMED
from tests.upstream.spoil import LITERALS

MARKETS = "/api/v3/coins/markets?vs_currency=usd&per_page=250"
TICKERS = "/v1/tickers"


async def ask(
    client: httpx.AsyncClient, upstream: Upstream, kind: str, path: str = MARKETS, **with_: Any
) -> httpx.Response:
    """The answer with this one fault in force."""
    upstream.set_faults([Fault(kind, with_)])
    return await client.get(path)


def test_every_kind_is_tested() -> None:
    source = Path(__file__).read_text("utf-8")
    assert [kind for kind in KINDS if f'"{kind}"' not in source] == []


async def test_status_with_retry_after(client: httpx.AsyncClient, upstream: Upstream) -> None:
    seconds = await ask(client, upstream, "status", status=429, retry_after=7)
    date = await ask(client, upstream, "status", TICKERS, status=429, retry_after=90, retry_as="date")
    wait = parsedate_to_datetime(date.headers["retry-after"]) - datetime.now(UTC)
    assert (seconds.status_code, seconds.headers["retry-after"]) == (429, "7")
    assert seconds.json()["status"]["error_code"] == 429
    assert 80 < wait.total_seconds() <= 90
    assert date.content.endswith(b"}\n")


@pytest.mark.parametrize("name", NAMED)
async def test_error(client: httpx.AsyncClient, upstream: Upstream, name: str) -> None:
    answer = await ask(client, upstream, "error", name=name)
    assert (answer.status_code, answer.content) == (NAMED[name].status, NAMED[name].body.plain)


async def test_html_with_200(client: httpx.AsyncClient, upstream: Upstream) -> None:
    answer = await ask(client, upstream, "html")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=UTF-8")


async def test_echo_key(client: httpx.AsyncClient, upstream: Upstream) -> None:
    upstream.set_faults([Fault("echo_key")])
    answer = await client.get("/v1/coins", headers={"authorization": "s3cret"})
    other = await client.get("/api/v3/ping", params={"x_cg_demo_api_key": "s3cret"})
    assert "s3cret" in answer.json()["error"]
    assert "s3cret" in other.json()["error"]


async def test_empty(client: httpx.AsyncClient, upstream: Upstream) -> None:
    assert (await ask(client, upstream, "empty")).content == b"[]"
    assert (await ask(client, upstream, "empty", TICKERS)).content == b"[]\n"


async def test_cut(client: httpx.AsyncClient, upstream: Upstream) -> None:
    answer = await ask(client, upstream, "cut", at=0.9)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_gzip_bomb(client: httpx.AsyncClient, upstream: Upstream) -> None:
    answer = await ask(client, upstream, "gzip_bomb", size=20_000_000)
    assert len(answer.content) == 20_000_000
    assert int(answer.headers["content-length"]) < 50_000


async def test_duplicate(client: httpx.AsyncClient, upstream: Upstream) -> None:
    ids = [row["id"] for row in (await ask(client, upstream, "duplicate", rows=2)).json()]
    assert len(ids) == 252
    assert ids[-2:] == ids[:2]


async def test_drop_field(client: httpx.AsyncClient, upstream: Upstream) -> None:
    rows = (await ask(client, upstream, "drop_field", field="symbol")).json()
    tickers = (await ask(client, upstream, "drop_field", TICKERS, field="quotes.USD.price", row=1)).json()
    assert not any("symbol" in row for row in rows)
    assert ["price" in row["quotes"]["USD"] for row in tickers[:3]] == [True, False, True]


async def test_set_field(client: httpx.AsyncClient, upstream: Upstream) -> None:
    rows = (await ask(client, upstream, "set_field", field="brand_new", literal='{"a":1}', row=-1)).json()
    assert rows[-1]["brand_new"] == {"a": 1}
    assert "brand_new" not in rows[0]


async def test_retype(client: httpx.AsyncClient, upstream: Upstream) -> None:
    prices = (await ask(client, upstream, "retype", field="current_price")).json()
    names = (await ask(client, upstream, "retype", field="name", row=0)).json()
    assert all(isinstance(row["current_price"], str) for row in prices)
    assert names[0]["name"].keys() == {"value"}


@pytest.mark.parametrize("what", LITERALS)
@pytest.mark.parametrize("path", [MARKETS, TICKERS])
async def test_poison(client: httpx.AsyncClient, upstream: Upstream, what: str, path: str) -> None:
    answer = await ask(client, upstream, "poison", path, what=what)
    assert LITERALS[what] in answer.content


async def test_only_the_poisoned_row_differs(client: httpx.AsyncClient, upstream: Upstream) -> None:
    poisoned = (await ask(client, upstream, "poison", what="u0000", row=3)).json()
    upstream.reset()
    clean = (await client.get(MARKETS)).json()
    assert [i for i, row in enumerate(poisoned) if row != clean[i]] == [3]


@pytest.mark.parametrize("path", [MARKETS, TICKERS])
async def test_future(client: httpx.AsyncClient, upstream: Upstream, path: str) -> None:
    rows = (await ask(client, upstream, "future", path, seconds=3600)).json()
    ahead = [(datetime.fromisoformat(row["last_updated"]) - datetime.now(UTC)).total_seconds() for row in rows]
    assert 3500 < ahead[0] <= 3600
    assert max(ahead[1:]) < 0


async def test_stale(client: httpx.AsyncClient, upstream: Upstream) -> None:
    old = (await client.get(MARKETS)).content
    upstream.tick = 30
    assert (await client.get(MARKETS)).content != old
    assert (await ask(client, upstream, "stale", ticks=30)).content == old


async def test_shuffle_changes_the_order_between_requests(client: httpx.AsyncClient, upstream: Upstream) -> None:
    upstream.set_faults([Fault("shuffle")])
    pages = [
        (await client.get(MARKETS, params={"vs_currency": "usd", "per_page": 100, "page": p})).json() for p in (1, 2, 3)
    ]
    ids = [row["id"] for page in pages for row in page]
    assert len(ids) == 300
    assert len(set(ids)) < 300


@pytest.mark.parametrize(("path", "id_"), [(MARKETS, "ethereum"), (TICKERS, "eth-ethereum")])
async def test_vanish(client: httpx.AsyncClient, upstream: Upstream, path: str, id_: str) -> None:
    before = [row["id"] for row in (await client.get(path)).json()]
    after = [row["id"] for row in (await ask(client, upstream, "vanish", path, ids=[id_])).json()]
    before.remove(id_)
    assert after[: len(before)] == before  # what comes after it moves up


async def test_truncated(client: httpx.AsyncClient, upstream: Upstream) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        await ask(client, upstream, "truncated")


@pytest.mark.parametrize("after", [None, 100])
async def test_reset(client: httpx.AsyncClient, upstream: Upstream, after: int | None) -> None:
    with pytest.raises(httpx.ReadError):
        await ask(client, upstream, "reset", after=after)


@pytest.mark.parametrize("after", [None, 100])
async def test_stall(client: httpx.AsyncClient, upstream: Upstream, after: int | None) -> None:
    client.timeout = httpx.Timeout(0.1)
    with pytest.raises(httpx.ReadTimeout):
        await ask(client, upstream, "stall", after=after)


async def test_stop_ends_stalled_connections() -> None:
    async with serve(Upstream(size=10, faults=[Fault("stall")])) as url, httpx.AsyncClient() as client:
        waiting = asyncio.ensure_future(client.get(url + TICKERS))
        await asyncio.sleep(0.1)
    with pytest.raises(httpx.HTTPError):
        await waiting


async def test_slow(client: httpx.AsyncClient, upstream: Upstream) -> None:
    upstream.set_faults([Fault("slow", {"chunk": 5, "pause": 0.01})])
    async with client.stream("GET", "/api/v3/ping", headers={"accept-encoding": "identity"}) as answer:
        chunks = [chunk async for chunk in answer.aiter_raw()]
    assert len(chunks) > 3
    assert json.loads(b"".join(chunks)).keys() == {"gecko_says"}


async def test_delay(client: httpx.AsyncClient, upstream: Upstream) -> None:
    client.timeout = httpx.Timeout(0.1)
    with pytest.raises(httpx.ReadTimeout):
        await ask(client, upstream, "delay", seconds=1)


async def test_the_next_request_is_fine_again(client: httpx.AsyncClient, upstream: Upstream) -> None:
    for kind in ("truncated", "reset"):
        upstream.set_faults([Fault(kind, count=1)])
        with pytest.raises(httpx.TransportError):
            await client.get(MARKETS)
        assert (await client.get(MARKETS)).status_code == 200


async def test_rules_count_calls_and_match_pages(client: httpx.AsyncClient, upstream: Upstream) -> None:
    upstream.set_faults([Fault("status", {"status": 500}, Match("/coins/markets", page=2, calls=(2, 9)), count=2)])
    first = [(await client.get(MARKETS + "&page=1")).status_code for _ in range(3)]
    second = [(await client.get(MARKETS + "&page=2")).status_code for _ in range(5)]
    assert first == [200] * 3
    assert second == [200, 500, 500, 200, 200]


async def test_faults_combine(client: httpx.AsyncClient, upstream: Upstream) -> None:
    upstream.set_faults(
        [Fault("vanish", {"ids": ["bitcoin"]}), Fault("duplicate", {"rows": 1}), Fault("truncated", count=0)]
    )
    ids = [row["id"] for row in (await client.get(MARKETS)).json()]
    assert "bitcoin" not in ids
    assert ids[0] == ids[-1]
    assert upstream.requests[0].faults == ("vanish", "duplicate")


async def test_an_impossible_combination_says_so(client: httpx.AsyncClient, upstream: Upstream) -> None:
    upstream.set_faults([Fault("html"), Fault("retype", {"field": "name"})])
    answer = await client.get(MARKETS)
    assert answer.status_code == 500
    assert answer.text.startswith("the local upstream failed")


def test_a_misspelt_rule_fails_at_once() -> None:
    with pytest.raises(ValueError, match="unknown fault kind"):
        Fault("stal")
    with pytest.raises(TypeError, match="statsu"):
        Fault("status", {"status": 500, "statsu": 1})

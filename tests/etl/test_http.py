"""The HTTP policy against a real server that misbehaves on command."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from etl.errors import EtlError, SourceBroken, SourceUnavailable
from etl.http import Policy, Upstream, retry_after
from etl.sources.coingecko import CoinGecko
from tests import upstream as local
from tests.upstream import Fault, Keys, Match

POLICY = Policy(attempts=3, deadline=2.0, connect_timeout=1.0, read_timeout=1.0, backoff=0.0, max_bytes=5_000_000)
KEY = "CG-secret-key-123"


@pytest.fixture
def server() -> local.Upstream:
    return local.Upstream(size=300, seed=1)


@pytest.fixture
async def source(server: local.Upstream) -> AsyncIterator[CoinGecko]:
    async def permit() -> None:
        return None

    async with local.serve(server) as url, httpx.AsyncClient() as client:
        yield CoinGecko(
            Upstream(
                client,
                url + local.COINGECKO,
                permit=permit,
                headers={"x-cg-demo-api-key": KEY},
                secrets=(KEY,),
                policy=POLICY,
            ),
            1000,
        )


async def read(source: CoinGecko) -> int:
    return sum([page.records async for page in source.pages([])])


async def failure(source: CoinGecko) -> EtlError:
    with pytest.raises(EtlError) as caught:
        await read(source)
    return caught.value


TRANSIENT = [
    Fault("status", {"status": 500}, count=2),
    Fault("status", {"status": 503}, count=2),
    Fault("status", {"status": 429, "retry_after": 0}, count=2),
    Fault("status", {"status": 429, "retry_after": 0, "retry_as": "date"}, count=2),
    Fault("status", {"status": 408}, count=1),
    Fault("html", {"status": 200}, count=1),
    Fault("truncated", {"after": 1000}, count=1),
    Fault("cut", {"at": 1000}, count=1),
    Fault("reset", {"after": 100}, count=1),
    Fault("stall", {"after": 100}, count=1),
]


@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: fault.kind)
async def test_passing_trouble_is_retried(server: local.Upstream, source: CoinGecko, fault: Fault) -> None:
    clean = await read(source)
    server.set_faults([fault])
    assert await read(source) == clean


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_nobody_is_asked_again_before_retry_after(server: local.Upstream, source: CoinGecko, form: str) -> None:
    # A date has whole seconds: of two, at least one is left.
    seconds = 1 if form == "seconds" else 2
    server.set_faults([Fault("status", {"status": 429, "retry_after": seconds, "retry_as": form}, count=1)])
    began = time.monotonic()
    assert await read(source) == 300
    assert time.monotonic() - began >= 0.99
    assert [seen.status for seen in server.requests][:2] == [429, 200]


async def test_lasting_trouble_fails_after_the_attempts(server: local.Upstream, source: CoinGecko) -> None:
    server.set_faults([Fault("status", {"status": 500})])
    problem = await failure(source)
    assert isinstance(problem, SourceUnavailable)
    assert "after 3 attempts" in str(problem)
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
async def test_other_client_errors_are_final(server: local.Upstream, source: CoinGecko, status: int) -> None:
    server.set_faults([Fault("status", {"status": status})])
    assert f"HTTP {status}" in str(await failure(source))
    assert len(server.requests) == 1


async def test_a_long_retry_after_fails_at_once_and_says_when_to_come_back(
    server: local.Upstream, source: CoinGecko
) -> None:
    server.set_faults([Fault("status", {"status": 429, "retry_after": 3600})])
    problem = await failure(source)
    assert isinstance(problem, SourceUnavailable)
    assert problem.retry_at is not None
    assert timedelta(minutes=59) < problem.retry_at - datetime.now(UTC) < timedelta(minutes=61)
    assert len(server.requests) == 1


async def test_an_echoed_key_never_shows(server: local.Upstream, source: CoinGecko) -> None:
    server.set_faults([Fault("echo_key", {"status": 401})])
    problem = await failure(source)
    assert KEY not in str(problem)
    assert "***" in str(problem)


async def test_a_gzip_bomb_is_cut_off(server: local.Upstream, source: CoinGecko) -> None:
    server.set_faults([Fault("gzip_bomb", {"size": 50_000_000})])
    assert isinstance(await failure(source), SourceBroken)


async def test_a_slow_loris_meets_the_deadline(server: local.Upstream, source: CoinGecko) -> None:
    server.set_faults([Fault("slow", {"chunk": 1, "pause": 0.1}, count=1)])
    assert await read(source) == 300


async def test_the_key_and_a_user_agent_are_sent(server: local.Upstream, source: CoinGecko) -> None:
    server.keys = Keys(coingecko_demo=KEY)
    assert await read(source) == 300
    assert server.requests[-1].headers["user-agent"].startswith("kasparro/")


async def test_a_short_page_does_not_end_the_list(server: local.Upstream, source: CoinGecko) -> None:
    assert await read(source) == 300
    assert server.asked("/coins/markets") == 3


async def test_no_more_coins_are_taken_than_wanted(server: local.Upstream, source: CoinGecko) -> None:
    source._max_coins = 260
    assert await read(source) == 260
    assert len(server.requests) == 2


SECOND_PAGE = Match(path="/coins/markets", page=2)


async def test_an_empty_page_behind_a_full_one_is_asked_for_again(server: local.Upstream, source: CoinGecko) -> None:
    server.set_faults([Fault("empty", match=SECOND_PAGE, count=1)])
    assert await read(source) == 300
    assert pages_asked(server) == ["1", "2", "2", "3"]


async def test_a_second_empty_page_ends_the_list(server: local.Upstream, source: CoinGecko) -> None:
    server.set_faults([Fault("empty", match=SECOND_PAGE)])
    assert await read(source) == 250
    assert pages_asked(server) == ["1", "2", "2"]


async def test_an_empty_first_page_is_asked_for_again(server: local.Upstream, source: CoinGecko) -> None:
    server.set_faults([Fault("empty", match=Match(path="/coins/markets", page=1), count=1)])
    assert await read(source) == 300


@pytest.mark.parametrize("max_coins", [1, 100, 250, 260, 1000])
async def test_pages_have_one_size_however_many_coins_are_wanted(
    server: local.Upstream, source: CoinGecko, max_coins: int
) -> None:
    source._max_coins = max_coins
    assert await read(source) == min(max_coins, 300)
    assert {request.query["per_page"] for request in server.requests} == {"250"}


def pages_asked(server: local.Upstream) -> list[str]:
    return [request.query["page"] for request in server.requests]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("119", 119), (" 7 ", 7), ("Mon, 20 Jan 2025 00:02:00 GMT", 120), ("Sun, 19 Jan 2025 00:00:00 GMT", 0)],
)
def test_both_forms_of_retry_after(header: str, seconds: int) -> None:
    assert retry_after(header, datetime(2025, 1, 20, tzinfo=UTC)) == timedelta(seconds=seconds)


@pytest.mark.parametrize("header", [None, "", "soon", "-1", "9" * 30])
def test_an_unreadable_retry_after_is_none(header: str | None) -> None:
    assert retry_after(header, datetime(2025, 1, 20, tzinfo=UTC)) is None

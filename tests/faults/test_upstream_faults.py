"""Trouble on the way from an upstream: on the first page, a later one, the last one; on both APIs, in mixtures."""

import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from db.enums import RunMode, RunStatus, RunTrigger
from etl.runner import Runner
from tests.faults.world import BATCH_SIZE, IMPATIENT, KEY, LONG, OVER_HTTP, World
from tests.upstream import Fault, Match

PLACES = {
    "coingecko": [Match("/coins/markets", page) for page in (1, 2, 3)],
    "coinpaprika": [Match("/tickers")],
}
"""Each request that a run needs an answer to."""

PASSING = {
    "429-seconds": Fault("status", {"status": 429, "retry_after": 0}, count=2),
    "429-date": Fault("status", {"status": 429, "retry_after": 0, "retry_as": "date"}, count=2),
    "429-without-a-time": Fault("status", {"status": 429}, count=2),
    "429-html": Fault("error", {"name": "coingecko-429-html"}, count=2),
    "500": Fault("status", {"status": 500}, count=4),
    "504-html": Fault("error", {"name": "coingecko-504-html"}, count=4),
    "no-answer": Fault("stall", count=1),
    "stalled-half-way": Fault("stall", {"after": 300}, count=1),
    "slow-loris": Fault("slow", {"chunk": 1, "pause": 0.1}, count=1),
    "cut-json": Fault("cut", count=2),
    "truncated": Fault("truncated", count=2),
    "html-with-200": Fault("html", count=2),
    "reset": Fault("reset", count=2),
    "reset-half-way": Fault("reset", {"after": 300}, count=2),
}
"""Over before the attempts are."""

LASTING = {
    "429-seconds": (Fault("status", {"status": 429, "retry_after": 3600}), "asked to wait 3600 s"),
    "429-date": (Fault("status", {"status": 429, "retry_after": 3600, "retry_as": "date"}), "asked to wait 3"),
    "429-without-a-time": (Fault("status", {"status": 429}), "HTTP 429"),
    "500": (Fault("status", {"status": 500}), "HTTP 500"),
    "no-answer": (Fault("stall"), "ReadTimeout"),
    "slow-loris": (Fault("slow", {"chunk": 1, "pause": 0.1}), "no complete answer within 1 s"),
    "cut-json": (Fault("cut"), "unreadable answer"),
    "truncated": (Fault("truncated"), "RemoteProtocolError"),
    "html-with-200": (Fault("html"), "HTML where JSON was due"),
    "reset": (Fault("reset"), "127.0.0.1: Re"),
    "gzip-bomb": (Fault("gzip_bomb", {"size": 50_000_000}), "larger than 1000000 bytes"),
    "refused": (Fault("status", {"status": 403}), "HTTP 403"),
    "another-shape": (Fault("status", {"status": 200, "body": '{"coins":[]}'}), "unreadable answer: not a list"),
    "echoed-key-401": (Fault("echo_key", {"status": 401}), "HTTP 401: invalid API key: ***"),
    "echoed-key-500": (Fault("echo_key", {"status": 500}), "HTTP 500: invalid API key: ***"),
    "echoed-key-200": (Fault("status", {"status": 200, "body": f"your key is {KEY}"}), "not a list but"),
}
"""Not over before the attempts are: what happens, and what the run says of it."""


@pytest.fixture
async def silent_address() -> AsyncIterator[str]:
    """Where connections are neither taken nor refused: the queue of those that wait to be taken is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(listening.getsockname())
        yield "http://{}:{}".format(*listening.getsockname())
        for client in waiting:
            client.close()


def at(place: Match, fault: Fault) -> Fault:
    return replace(fault, match=place)


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize(
    ("name", "database_url"), [("coingecko", "sqlite"), ("coinpaprika", "postgresql")], indirect=["database_url"]
)
async def test_passing_trouble_costs_a_run_nothing(world: World, name: str, fault: Fault) -> None:
    world.market.set_faults([at(PLACES[name][-1], fault)])
    run = await world.run(name)
    assert run.status is RunStatus.SUCCESS, run.error
    assert len([seen for seen in world.market.requests if seen.faults]) == fault.count
    await world.recovered(name)


@pytest.mark.parametrize(("fault", "words"), LASTING.values(), ids=LASTING)
@pytest.mark.parametrize(
    ("name", "database_url"), [("coingecko", "postgresql"), ("coinpaprika", "sqlite")], indirect=["database_url"]
)
async def test_lasting_trouble_fails_the_run_in_words(world: World, name: str, fault: Fault, words: str) -> None:
    world.policy = replace(IMPATIENT, attempts=2)
    for place in PLACES[name]:
        world.market.set_faults([at(place, fault)])
        run = await world.run(name)
        assert (run.status, run.records_processed) == (RunStatus.FAILED, 0)
        assert words in str(run.error)
        await world.let_waits_pass()
    await world.recovered(name)


async def test_pages_that_arrived_before_the_trouble_are_not_asked_for_again(world: World) -> None:
    for place in PLACES["coingecko"]:
        world.market.set_faults([at(place, Fault("status", {"status": 404}))])
        await world.run("coingecko")
    await world.recovered("coingecko")
    assert [seen.query["page"] for seen in world.market.requests if seen.status == 200][:4] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_nobody_who_takes_connections_is_a_time_out(world: World, silent_address: str, name: str) -> None:
    served, world.url = world.url, silent_address
    run = await world.run(name)
    assert run.status is RunStatus.FAILED
    assert "ConnectTimeout" in str(run.error)
    world.url = served
    await world.recovered(name)


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_nobody_who_listens_is_a_failure(world: World, name: str) -> None:
    served, world.url = world.url, "http://127.0.0.1:9"
    run = await world.run(name)
    assert run.status is RunStatus.FAILED
    assert "ConnectError" in str(run.error)
    world.url = served
    await world.recovered(name)


async def test_a_storm_of_500_leaves_the_upstream_alone_until_its_pause_is_over(world: World) -> None:
    world.market.set_faults([Fault("status", {"status": 500})])
    for _ in range(4):
        runner = Runner(world.database, {"coingecko": world.source("coingecko")}, batch_size=BATCH_SIZE)
        run = await runner.run_now("coingecko", RunMode.INCREMENTAL, RunTrigger.SCHEDULE)
        assert run.status is RunStatus.FAILED
    assert "left alone until" in str(run.error)
    assert "last: HTTP 500" in str(run.error)
    assert world.market.asked(status=500) == 5
    await world.recovered("coingecko")


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_long_retry_after_outlives_the_process_and_a_person(world: World, form: str) -> None:
    world.market.set_faults([Fault("status", {"status": 429, "retry_after": 3600, "retry_as": form}, count=1)])
    for _ in range(3):
        assert (await world.run("coingecko")).status is RunStatus.FAILED
    assert world.market.asked() == 1
    assert await world.count("etl_circuits", "retry_at IS NOT NULL") == 1
    await world.recovered("coingecko")


@pytest.mark.parametrize("seed", range(100 if LONG else 4))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_any_mixture_of_trouble(world: World, seed: int) -> None:
    """Another fault on every page, some of them lasting, run after run, with a failure of our own in between."""
    random = Random(seed)
    world.policy = replace(IMPATIENT, attempts=2, read_timeout=0.1, deadline=0.3)
    for _ in range(4):
        faults = [fault for fault, _ in LASTING.values()]
        chosen = [(place, random.choice(faults), random.choice([0, 1, None])) for place in PLACES["coingecko"]]
        world.market.set_faults([replace(at(place, fault), count=count) for place, fault, count in chosen])
        run = await world.run("coingecko", fail_after=random.choice([None, random.randint(1, 20)]))
        assert run.status in {RunStatus.SUCCESS, RunStatus.FAILED}
        await world.holds()
        await world.let_waits_pass()
    await world.recovered("coingecko")

"""Following runs over a WebSocket: everything once and in order, across reconnects and processes."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.run_feed import RunFeed
from db import retention, run_event_reader, runs
from db.engine import Connection, Database
from db.enums import RunMode, RunTrigger
from db.errors import DatabaseUnavailable
from etl.runner import Runner
from graphql_schema import ids
from tests.app.live import Live, eventually, live, talking
from tests.app.serving import only_sqlite
from tests.fakes import MemorySource, row
from tests.system.processes import environment

EVENTS = """subscription ($source: String, $after: String) {
  runEvents(source: $source, after: $after) { cursor at kind message run { id status recordsProcessed total } }
}"""
PROGRESS = "subscription ($id: ID!) { runProgress(runId: $id) { status recordsProcessed total progressPercent } }"
PAGES = [[row(f"coin-{page}{n}") for n in range(3)] for page in range(2)]
KINDS = ["QUEUED", "STARTED", "PAGE_STAGED", "PAGE_STAGED", "PLANNED", *["BATCH_LOADED"] * 3, "ENDED"]


@pytest.fixture
async def elsewhere(database: Database) -> AsyncIterator[Database]:
    """The same database, as another process has it open: it wakes nobody."""
    opened = Database(database.url.render_as_string(hide_password=False))
    yield opened
    await opened.close()


async def ingest(database: Database, source: str = "csv", **options: Any) -> runs.Run:
    runner = Runner(database, {source: MemorySource(PAGES, source)}, batch_size=2, **options)
    return await runner.run_now(source, RunMode.INCREMENTAL, RunTrigger.CLI)


async def queue(database: Database, source: str = "csv") -> runs.Run:
    async with database.write() as connection:
        return (await runs.request(connection, source, RunMode.INCREMENTAL, RunTrigger.MANUAL)).run


async def cancel(database: Database, run: runs.Run) -> None:
    async with database.write() as connection:
        await runs.request_cancel(connection, run.id)


async def told(server: Live, count: int, **variables: Any) -> list[dict[str, Any]]:
    """The first events of a new subscription."""
    async with talking(server.url) as talk:
        await talk.ask("1", EVENTS, **variables)
        return [(await talk.next())["runEvents"] for _ in range(count)]


async def refused(server: Live, **variables: Any) -> str:
    """The code of the error that a subscription is answered with."""
    async with talking(server.url) as talk:
        await talk.ask("1", EVENTS, **variables)
        message = await talk.hear()
        assert message["type"] == "error", message
        return str(message["payload"][0]["extensions"]["code"])


def start_of(source: str | None) -> str:
    return run_event_reader.cursor(source, {})


async def test_a_run_elsewhere_is_followed(database: Database, elsewhere: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        await talk.ask("1", EVENTS, source="csv")
        await eventually(lambda: server.services.feed.followers == 1)
        run = await ingest(elsewhere)
        events = [(await talk.next())["runEvents"] for _ in KINDS]
    assert [event["kind"] for event in events] == KINDS
    assert {event["run"]["id"] for event in events} == {ids.encode("Run", run.id)}
    assert [event["run"]["recordsProcessed"] for event in events] == [0, 0, 0, 0, 0, 2, 4, 6, 6]
    assert [event["run"]["status"] for event in events] == ["QUEUED", *["RUNNING"] * 7, "SUCCESS"]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)


async def test_a_run_of_another_process_is_followed(database: Database, tmp_path: Path) -> None:
    url = database.url.render_as_string(hide_password=False).replace("+aiosqlite", "").replace("+asyncpg", "")
    async with live(database) as server, talking(server.url) as talk:
        await talk.ask("1", EVENTS)
        await eventually(lambda: server.services.feed.followers == 1)
        command = "from app.cli import main; main()", "etl", "run", "csv", "--json"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            *command,
            cwd=tmp_path,
            env=environment(DATABASE_URL=url, ETL_BATCH_SIZE="5"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        events = [(await talk.next())["runEvents"]]
        while events[-1]["kind"] != "ENDED":
            events.append((await talk.next())["runEvents"])
        assert await process.wait() == 0
        assert events == await told(server, len(events), after=start_of(None))
    assert [event["kind"] for event in events][:2] == ["QUEUED", "STARTED"]
    assert events[-1]["run"]["recordsProcessed"] == events[-1]["run"]["total"] > 5


async def test_reconnecting_anywhere_gives_the_same(database: Database, elsewhere: Database) -> None:
    async with live(database) as server:
        await ingest(elsewhere, fail_after=3)
        await ingest(elsewhere)
        everything = await told(server, 13, after=start_of("csv"), source="csv")
        assert [event["kind"] for event in everything].count("ENDED") == 2
        for seen in range(13):
            place = everything[seen - 1]["cursor"] if seen else start_of("csv")
            assert everything[:seen] + await told(server, 13 - seen, after=place, source="csv") == everything


async def test_reconnecting_while_it_happens_misses_nothing(database: Database, elsewhere: Database) -> None:
    """A client that goes after each event, and comes back with its cursor, while runs go on."""
    async with live(database) as server:

        async def work() -> None:
            for _ in range(3):
                await ingest(elsewhere)

        working = asyncio.create_task(work())
        seen: list[dict[str, Any]] = []
        for _ in range(3 * len(KINDS)):
            after = seen[-1]["cursor"] if seen else start_of(None)
            seen += await told(server, 1, after=after)
        await working
        assert seen == await told(server, len(seen), after=start_of(None))
    assert [event["kind"] for event in seen] == KINDS * 3


async def test_sources_are_told_in_order_each(database: Database, elsewhere: Database) -> None:
    async with live(database) as server:
        await asyncio.gather(ingest(elsewhere, "csv"), ingest(database, "coingecko"), ingest(elsewhere, "coinpaprika"))
        total = 3 * len(KINDS)
        seen: list[dict[str, Any]] = []
        while len(seen) < total:
            after = seen[-1]["cursor"] if seen else start_of(None)
            seen += await told(server, min(4, total - len(seen)), after=after)
        runs_seen = {event["run"]["id"] for event in seen}
        for run in runs_seen:
            assert [event["kind"] for event in seen if event["run"]["id"] == run] == KINDS
    assert len(runs_seen) == 3


async def test_of_one_source_only_that_is_told(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        await talk.ask("1", EVENTS, source="coingecko")
        await eventually(lambda: server.services.feed.followers == 1)
        await queue(database, "csv")
        other = await queue(database, "coingecko")
        assert (await talk.next())["runEvents"]["run"]["id"] == ids.encode("Run", other.id)


async def test_without_a_cursor_it_starts_from_now(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        run = await queue(database)
        await talk.ask("1", EVENTS)
        await eventually(lambda: server.services.feed.followers == 1)
        await cancel(database, run)
        assert (await talk.next())["runEvents"]["kind"] == "ENDED"


async def test_cursors_that_cannot_be_used(database: Database) -> None:
    async with live(database) as server:
        await cancel(database, await queue(database))
        await cancel(database, await queue(database))
        (first, *_, last) = await told(server, 4, after=start_of("csv"), source="csv")
        assert await refused(server, after=first["cursor"]) == "INVALID_CURSOR"
        assert await refused(server, after=first["cursor"], source="coingecko") == "INVALID_CURSOR"
        assert await refused(server, after=first["cursor"][:-1], source="csv") == "INVALID_CURSOR"
        for name in ("csv", "nowhere"):
            ahead = run_event_reader.cursor("csv", {name: 99})
            assert await refused(server, after=ahead, source="csv") == "INVALID_CURSOR"
        async with database.write() as connection:
            past = "2000-01-01T00:00:00.000000Z" if database.is_sqlite else datetime(2000, 1, 1, tzinfo=UTC)
            await connection.execute(text("UPDATE etl_run_events SET at = :past"), {"past": past})
        await retention.prune_events(database, "csv", days=7)
        for source in ("csv", None):
            place = run_event_reader.cursor(source, {"csv": 1})
            assert await refused(server, after=place, source=source) == "CURSOR_EXPIRED"
            assert await refused(server, after=start_of(source), source=source) == "CURSOR_EXPIRED"
        async with talking(server.url) as talk:
            await talk.ask("1", EVENTS, source="csv", after=last["cursor"])
            await eventually(lambda: server.services.feed.followers == 1)
            await queue(database)
            assert (await talk.next())["runEvents"]["kind"] == "QUEUED"


async def test_progress_ends_with_the_run(database: Database, elsewhere: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        run = await queue(elsewhere)
        await talk.ask("1", PROGRESS, id=ids.encode("Run", run.id))
        states = [(await talk.next())["runProgress"]]
        assert states[0]["status"] == "QUEUED"
        await ingest(elsewhere)
        while (message := await talk.hear())["type"] == "next":
            states.append(message["payload"]["data"]["runProgress"])
        assert message == {"id": "1", "type": "complete"}
        assert server.services.feed.followers == 0
    assert states[-1] == {"status": "SUCCESS", "recordsProcessed": 6, "total": 6, "progressPercent": 100.0}
    assert [state["recordsProcessed"] for state in states] == [0, 0, 0, 0, 0, 2, 4, 6, 6]


async def test_progress_of_an_ended_run_is_its_last_state(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        run = await ingest(database)
        await talk.ask("1", PROGRESS, id=ids.encode("Run", run.id))
        assert (await talk.next())["runProgress"]["status"] == "SUCCESS"
        assert (await talk.hear())["type"] == "complete"


async def test_progress_says_nothing_of_other_runs(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        run = await queue(database)
        await talk.ask("1", PROGRESS, id=ids.encode("Run", run.id))
        await talk.next()
        await ingest(database, "coingecko")
        await cancel(database, run)
        assert (await talk.next())["runProgress"]["status"] == "CANCELLED"
        assert (await talk.hear())["type"] == "complete"


async def test_what_an_event_leads_to_is_read_at_that_event(database: Database) -> None:
    query = "subscription { runEvents { run { batches { totalCount } } } }"
    async with live(database) as server, talking(server.url) as talk:
        await talk.ask("1", query)
        await eventually(lambda: server.services.feed.followers == 1)
        first = await queue(database)
        assert (await talk.next())["runEvents"]["run"]["batches"]["totalCount"] == 0
        await ingest(database)
        counts = [(await talk.next())["runEvents"]["run"]["batches"]["totalCount"] for _ in KINDS[1:]]
    assert first.id == 1
    assert counts == sorted(counts)
    assert counts[-1] == 3


@only_sqlite
async def test_followers_at_the_same_place_share_what_is_read(database: Database) -> None:
    looks = 0

    class Counting(Database):
        @contextlib.asynccontextmanager
        async def read(self) -> AsyncIterator[Connection]:
            nonlocal looks
            looks += 1
            async with super().read() as connection:
                yield connection

    counting = Counting(database.url.render_as_string(hide_password=False))
    feed = RunFeed(counting, poll_seconds=60)
    followers = [feed.follow("csv", {}) for _ in range(20)]
    try:
        waiting = [asyncio.create_task(anext(follower)) for follower in followers]
        await queue(counting)
        assert {told.event.sequence for told in await asyncio.gather(*waiting)} == {1}
        assert looks <= 4
    finally:
        for follower in followers:
            await follower.aclose()
        await feed.aclose()
        await counting.close()
    assert feed.followers == 0


@only_sqlite
async def test_a_database_that_is_away_for_a_while_loses_nothing(database: Database, elsewhere: Database) -> None:
    class Flaky(Database):
        away = False

        @contextlib.asynccontextmanager
        async def read(self) -> AsyncIterator[Connection]:
            if self.away:
                raise DatabaseUnavailable("gone for now")
            async with super().read() as connection:
                yield connection

    flaky = Flaky(database.url.render_as_string(hide_password=False))
    feed = RunFeed(flaky, poll_seconds=0.02)
    follower = feed.follow(None, {})
    try:
        waiting = asyncio.create_task(anext(follower))
        await asyncio.sleep(0.1)
        flaky.away = True
        await queue(elsewhere)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        flaky.away = False
        assert (await asyncio.wait_for(waiting, 5)).event.kind == "queued"
    finally:
        await follower.aclose()
        await feed.aclose()
        await flaky.close()


async def test_a_follower_far_behind_is_told_all(database: Database) -> None:
    for _ in range(60):
        await cancel(database, await queue(database))
    async with live(database) as server:
        events = await told(server, 120, after=start_of(None))
    assert [event["kind"] for event in events] == ["QUEUED", "ENDED"] * 60

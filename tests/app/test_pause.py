"""pauseSource and resumeSource: nothing starts a paused source, and what is running goes on to its end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import text

from db import runs
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from etl.dispatcher import Dispatcher
from etl.runner import Runner
from etl.types import Page
from tests.app.serving import served
from tests.fakes import MemorySource, row

PAGES = [[row(f"coin-{n}") for n in range(3)]]
TRIGGER = 'mutation { triggerEtl(source: "csv") { started { id } alreadyActive { id } errors { code path } } }'
SLOT = datetime(2025, 1, 20, tzinfo=UTC)


async def send(client: httpx.AsyncClient, query: str) -> Any:
    answer = (await client.post("/graphql", json={"query": query})).json()
    assert "errors" not in answer
    [data] = answer["data"].values()
    return data


async def pause(client: httpx.AsyncClient, source: str = "csv", *, action: str = "pause") -> Any:
    fields = "source { name paused } errors { code path }"
    return await send(client, f'mutation {{ {action}Source(source: "{source}") {{ {fields} }} }}')


async def resume(client: httpx.AsyncClient, source: str = "csv") -> Any:
    return await pause(client, source, action="resume")


def runner(database: Database, source: MemorySource | None = None) -> Runner:
    return Runner(database, {"csv": source or MemorySource(PAGES)}, batch_size=10)


async def query(database: Database, sql: str) -> list[Any]:
    async with database.read() as connection:
        return [tuple(found) for found in await connection.execute(text(sql))]


async def test_nothing_is_recorded_for_a_paused_source(database: Database) -> None:
    async with served(database) as client:
        assert await pause(client) == {"source": {"name": "csv", "paused": True}, "errors": []}
        refused = {"started": [], "alreadyActive": [], "errors": [{"code": "SOURCE_PAUSED", "path": ["source"]}]}
        assert await send(client, TRIGGER) == refused
        dispatcher = Dispatcher(runner(database))
        scheduled = await dispatcher.request("csv", RunMode.INCREMENTAL, RunTrigger.SCHEDULE, slot=SLOT)
        assert scheduled is None
        assert await query(database, "SELECT 1 FROM etl_runs UNION SELECT 2 FROM etl_requests") == []
        assert await resume(client) == {"source": {"name": "csv", "paused": False}, "errors": []}
        assert len((await send(client, TRIGGER))["started"]) == 1


async def test_other_sources_go_on(database: Database) -> None:
    async with served(database) as client:
        await pause(client, "coingecko")
        answer = await send(client, "mutation { triggerEtl { started { source } errors { code } } }")
        assert sorted(run["source"] for run in answer["started"]) == ["coinpaprika", "csv"]
        assert answer["errors"] == [{"code": "SOURCE_PAUSED"}]


async def test_twice_is_once(database: Database) -> None:
    async with served(database) as client:
        for _ in range(2):
            await resume(client)
        await pause(client)
        since = await query(database, "SELECT paused_at FROM etl_sources")
        assert (await pause(client))["source"]["paused"] is True
        assert await query(database, "SELECT paused_at FROM etl_sources") == since
        for _ in range(2):
            assert (await resume(client))["source"]["paused"] is False


async def test_many_at_once_leave_one_of_the_two(database: Database) -> None:
    async with served(database) as client:
        answers = await asyncio.gather(*(action(client) for action in (pause, resume) * 4))
        assert [answer["errors"] for answer in answers] == [[]] * 8
        assert len(await query(database, "SELECT source FROM etl_sources")) == 1


async def test_an_unknown_source(database: Database) -> None:
    async with served(database) as client:
        for action in (pause, resume):
            expected = {"source": None, "errors": [{"code": "UNKNOWN_SOURCE", "path": ["source"]}]}
            assert await action(client, "kraken") == expected


async def test_a_run_that_waits_is_not_started_until_the_source_is_resumed(database: Database) -> None:
    async with served(database) as client:
        await send(client, TRIGGER)
        async with database.read() as connection:
            [queued], _ = await runs.waiting(connection)
        await pause(client)
        async with database.read() as connection:
            assert await runs.waiting(connection) == ([], [])
        # A dispatcher that had seen the run before doesn't start it either.
        assert await runner(database).run_queued(queued) is None
        await resume(client)
        async with database.read() as connection:
            assert await runs.waiting(connection) == ([queued], [])
        done = await runner(database).run_queued(queued)
        assert done is not None
        assert done.status is RunStatus.SUCCESS


class Held(MemorySource):
    """An upstream that answers once it is let."""

    def __init__(self) -> None:
        super().__init__(PAGES)
        self.asked_for = asyncio.Event()
        self.let = asyncio.Event()

    async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
        self.asked_for.set()
        await self.let.wait()
        async for page in super().pages(staged):
            yield page


async def test_a_running_run_goes_on_to_its_end(database: Database) -> None:
    source = Held()
    async with served(database) as client:
        running = asyncio.create_task(runner(database, source).run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI))
        await source.asked_for.wait()
        await pause(client)
        source.let.set()
        done = await running
        assert (done.status, done.records_processed) == (RunStatus.SUCCESS, 3)
        assert (await send(client, TRIGGER))["errors"] == [{"code": "SOURCE_PAUSED", "path": ["source"]}]

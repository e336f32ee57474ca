"""Queries that take too long are given up, and leave the service as it was; mutations are carried out to the end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from db.data_version import DataVersion
from db.direct import Direct, Rows
from db.engine import Connection, Database
from db.prepared import Prepared
from graphql_schema import places
from tests.app.live import live, talking
from tests.app.serving import only_sqlite, served
from tests.graphql_schema.rows import asset, write_assets

QUERY = {"query": "{ assets { nodes { id } } }"}
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class LateDirect(Direct):
    """Reads through the driver that begin as late."""

    def __init__(self, database: "SlowDatabase") -> None:
        self._database = database
        super().__init__(database._reader.dialect, database.direct._reader)

    async def fetch(self, statement: Prepared, values: Mapping[str, Any]) -> Rows:
        await asyncio.sleep(self._database.delay)
        return await super().fetch(statement, values)


class SlowDatabase(Database):
    """A database whose reads begin late."""

    delay = 1.0

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.direct = LateDirect(self)
        if not self.is_sqlite:
            # There the version never waits.
            self.data_version = DataVersion(self.direct)

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        await asyncio.sleep(self.delay)
        async with super().read() as connection:
            yield connection


@pytest.fixture
async def slow(sqlite_template: Path) -> AsyncIterator[SlowDatabase]:
    database = SlowDatabase(f"sqlite:///{sqlite_template}")
    yield database
    await database.close()


def told(answer: httpx.Response) -> tuple[int, str, bool]:
    error = answer.json()["errors"][0]
    return answer.status_code, error["extensions"]["code"], "Retry-After" in answer.headers


async def test_a_slow_query_is_given_up(slow: SlowDatabase) -> None:
    async with served(slow, graphql_timeout_seconds=0.05) as client:
        for accept in ("application/json", "application/graphql-response+json"):
            answer = await client.post("/graphql", json=QUERY, headers={"Accept": accept})
            assert told(answer) == (503, "TIMEOUT", True)
            assert answer.json()["errors"][0]["message"] == "took longer than 0.05 s; ask for fewer rows or fields"


@only_postgresql
async def test_so_is_one_whose_answer_is_kept(database: Database) -> None:
    slow = SlowDatabase(database.url.render_as_string(hide_password=False))
    slow.delay = 0.0
    async with served(slow, graphql_timeout_seconds=2) as client:
        answers = [await client.post("/graphql", json=QUERY) for _ in range(4)]
        assert {answer.status_code for answer in answers} == {200}
        slow.delay = 3600.0
        async with asyncio.timeout(10):
            assert told(await client.post("/graphql", json=QUERY)) == (503, "TIMEOUT", True)
    await slow.close()


async def test_over_a_websocket_as_well(slow: SlowDatabase) -> None:
    async with live(slow, graphql_timeout_seconds=0.05) as server, talking(server.url) as talk:
        await talk.ask("1", QUERY["query"])
        message = await talk.hear()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "TIMEOUT")


async def test_a_mutation_is_carried_out_however_long_it_takes(slow: SlowDatabase) -> None:
    slow.delay = 0.2
    async with served(slow, graphql_timeout_seconds=0.05) as client:
        mutation = 'mutation { pauseSource(source: "nothing") { errors { code } } }'
        answer = await client.post("/graphql", json={"query": mutation})
        assert answer.json()["data"] == {"pauseSource": {"errors": [{"code": "UNKNOWN_SOURCE"}]}}


async def at_work(database: Database) -> int:
    """How many statements the server carries out for others."""
    async with database.read() as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'"
        found = await connection.execute(text(f"SELECT count(*) FROM pg_stat_activity WHERE {others}"))
        return int(found.scalar_one())


@only_postgresql
async def test_a_statement_that_hangs_leaves_nothing_behind(database: Database) -> None:
    async with served(database, graphql_timeout_seconds=1) as client:
        async with database.write() as connection:
            await connection.execute(text("LOCK TABLE assets IN ACCESS EXCLUSIVE MODE"))
            answers = await asyncio.gather(*(client.post("/graphql", json=QUERY) for _ in range(30)))
            assert {told(answer)[1] for answer in answers} <= {"TIMEOUT", "TOO_BUSY"}
            async with asyncio.timeout(5):
                while await at_work(database):  # noqa: ASYNC110  the server tells nobody
                    await asyncio.sleep(0.05)
        assert (await client.post("/graphql", json=QUERY)).json()["data"] == {"assets": {"nodes": []}}


async def test_too_many_at_once_are_told_so(slow: SlowDatabase) -> None:
    async with served(slow, graphql_max_concurrent=1) as client:
        answers = await asyncio.gather(*(client.post("/graphql", json=QUERY) for _ in range(12)))
        busy = [answer for answer in answers if answer.status_code == 503]
        assert busy
        assert {told(answer) for answer in busy} == {(503, "TOO_BUSY", True)}


@only_sqlite
async def test_so_are_those_whose_reads_wait_for_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "WAITING_PER_PLACE", 0)
    async with served(database, graphql_max_concurrent=1, answer_cache_bytes=0) as client:
        await client.post("/graphql", json=QUERY)
        answers = await asyncio.gather(*(client.post("/graphql", json=QUERY) for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [200, 503]


@only_sqlite
@pytest.mark.parametrize("query", ["{ a: BIG b: BIG c: BIG }", "{ assets { nodes { a: OLD b: OLD c: OLD } } }"])
async def test_many_reads_that_wait_for_nothing_are_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    await write_assets(database, asset(1))
    wanted = {"query": query.replace("BIG", "assets { nodes { id } }").replace("OLD", "history { nodes { at } }")}
    usual, reads = database.direct.fetch, []

    async def busy(statement: Prepared, values: Mapping[str, Any]) -> Rows:
        reads.append(statement)
        time.sleep(0.6)  # noqa: ASYNC251  SQLite's work is done on the event loop
        return await usual(statement, values)

    async with served(database, graphql_timeout_seconds=0.5, answer_cache_bytes=0) as client:
        assert (await client.post("/graphql", json=wanted)).status_code == 200
        monkeypatch.setattr(database.direct, "fetch", busy)
        assert told(await client.post("/graphql", json=wanted)) == (503, "TIMEOUT", True)
        assert len(reads) < 4


async def test_too_many_who_read_at_once_are_told_so_and_monitors_are_not(
    slow: SlowDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "WAITING_PER_PLACE", 1)
    slow.delay = 0.0
    async with served(slow, graphql_max_concurrent=1, answer_cache_bytes=0) as client:
        # Held up for longer than a monitor waits, the service tells what it saw before: something, then.
        await client.get("/health")
        slow.delay = 0.2
        answers = await asyncio.gather(*(client.get("/data") for _ in range(4)), client.get("/health"))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 503, 503]
        refused = next(answer for answer in answers[:4] if answer.status_code == 503)
        assert (refused.json()["code"], refused.headers["Retry-After"]) == ("TOO_BUSY", "1")
        assert answers[4].status_code == 200

"""A database that goes away ends neither the dispatching nor a run's bookkeeping."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from db import runs, windows
from db.engine import Connection, Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.errors import DatabaseUnavailable
from etl import runner as runner_module
from etl.dispatcher import Dispatcher
from etl.load import load_batch
from etl.runner import Runner
from etl.types import Source
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource, row

PAGES = [[row("a"), row("b")], [row("c")]]
COUNTS = "SELECT status, records_processed, inserted FROM etl_runs ORDER BY id"
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

Call = Callable[..., Awaitable[Any]]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(most: int | None = None) -> AsyncIterator[int]:
        for attempt in range(1, (most or runner_module.COMMIT_ATTEMPTS) + 1):
            yield attempt

    monkeypatch.setattr(runner_module, "_patiently", at_once)
    monkeypatch.setattr("etl.dispatcher.POLL_SECONDS", 0.02)


def failing(call: Call, times: int, problem: Exception, *, afterwards: bool = False) -> Call:
    """`call`, raising `problem` the first times: instead of doing its work, or after having done it."""
    left = times

    async def fails(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            return await call(*arguments, **named)
        if afterwards:
            await call(*arguments, **named)
        raise problem

    return fails


def away() -> DatabaseUnavailable:
    return DatabaseUnavailable("database unavailable: gone")


async def carried_out(database: Database, source: Source, asks: int, query: Query) -> list[Any]:
    """What became of runs asked for one after the other, by a dispatcher that never starts anew."""
    dispatcher = Dispatcher(Runner(database, {"csv": source}, batch_size=10))
    serving = asyncio.create_task(dispatcher.serve())
    try:
        for _ in range(asks):
            await dispatcher.request("csv", RunMode.INCREMENTAL, RunTrigger.MANUAL)
            await asyncio.wait_for(ended(query), 20)
    finally:
        serving.cancel()
        await dispatcher.stop()
    return await query("SELECT status FROM etl_runs ORDER BY id")


async def ended(query: Query) -> None:
    going_on: list[Any] = [...]
    while going_on:
        await asyncio.sleep(0.01)
        going_on = await query("SELECT id FROM etl_runs WHERE status IN ('queued', 'running')")


@only_postgresql
async def test_dispatching_outlives_connections_that_the_server_ends(
    database: Database, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "waiting", ended_under(runs.waiting))
    monkeypatch.setattr(windows, "plan", ended_under(windows.plan))
    assert await carried_out(database, MemorySource(PAGES), 2, query) == [("failed",), ("success",)]
    [(error,)] = await query("SELECT error FROM etl_runs WHERE status = 'failed'")
    assert error.startswith("database unavailable: ")


@only_postgresql
async def test_a_connection_ended_inside_a_batch_costs_nothing(
    ingest: Ingest, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "count", ended_under(runs.count))
    assert (await ingest(MemorySource(PAGES))).status is RunStatus.SUCCESS
    assert await query(COUNTS) == [("success", 3, 3)]


def ended_under(call: Call) -> Call:
    """`call`, finding the first time that the server has ended its connection, as in a restart."""
    first = iter([True])

    async def finds(connection: Connection, *arguments: Any) -> Any:
        if next(first, False):
            await end(connection)
        return await call(connection, *arguments)

    return finds


async def end(connection: Connection) -> None:
    pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    killer = await asyncpg.connect(connection.engine.url.set(drivername="postgresql").render_as_string(False))
    try:
        assert await killer.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    finally:
        await killer.close()


@pytest.mark.parametrize("problem", [RuntimeError("a bug"), away()])
async def test_dispatching_outlives_any_exception(
    database: Database, query: Query, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    monkeypatch.setattr(runs, "waiting", failing(runs.waiting, 1, problem))
    assert await carried_out(database, MemorySource(PAGES), 2, query) == [("success",), ("success",)]


async def test_a_run_that_could_not_be_acquired_is_tried_again(
    database: Database, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    monkeypatch.setattr(runs, "start", failing(runs.start, 1, RuntimeError("a bug")))
    assert await carried_out(database, MemorySource(PAGES), 1, query) == [("success",)]
    gc.collect()
    assert unheard == []


async def test_a_batch_committed_without_an_answer_counts_once(
    ingest: Ingest, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "load_batch", failing(load_batch, 1, away(), afterwards=True))
    await ingest(MemorySource(PAGES), batch_size=2)
    assert await query(COUNTS) == [("success", 3, 3)]
    assert await query("SELECT from_position, to_position FROM etl_batches ORDER BY id") == [(0, 2), (2, 3)]


async def test_it_counts_once_even_if_the_checkpoint_cannot_be_read_at_first(
    database: Database, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "load_batch", failing(load_batch, 1, away(), afterwards=True))
    runner = Runner(database, {"csv": MemorySource(PAGES)}, batch_size=2)
    monkeypatch.setattr(runner, "_checkpoint", failing(runner._checkpoint, 3, away()))
    await runner.run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI)
    assert await query(COUNTS) == [("success", 3, 3)]


async def test_a_batch_that_was_never_committed_is_loaded_again(
    ingest: Ingest, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "load_batch", failing(load_batch, 4, away()))
    await ingest(MemorySource(PAGES), batch_size=2)
    assert await query(COUNTS) == [("success", 3, 3)]


@pytest.mark.parametrize("afterwards", [False, True])
async def test_the_end_of_a_run_is_recorded_when_the_database_is_back(
    database: Database, query: Query, monkeypatch: pytest.MonkeyPatch, afterwards: bool
) -> None:
    runner = Runner(database, {"csv": MemorySource(PAGES)}, batch_size=2)
    monkeypatch.setattr(runner, "_finish", failing(runner._finish, 5, away(), afterwards=afterwards))
    await runner.run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI)
    assert await query(COUNTS) == [("success", 3, 3)]
    assert await query("SELECT holder, expires_at FROM etl_leases") == [(None, None)]

"""One worker a source; whoever was away too long can write no more."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from db import checkpoints, leases, runs
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.errors import Fenced, LeaseHeld
from db.runs import IdempotencyKeyReused, Requested, Run
from etl.dispatcher import Dispatcher
from etl.runner import Progress, Runner
from etl.types import Page
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource, row

SLOT = datetime(2025, 1, 20, 12, tzinfo=UTC)


async def request(database: Database, **options: object) -> Requested:
    async with database.write() as connection:
        return await runs.request(connection, "csv", RunMode.INCREMENTAL, RunTrigger.MANUAL, **options)  # type: ignore[arg-type]


async def take(database: Database, holder: str) -> int:
    async with database.write() as connection:
        await leases.lock(connection, "csv")
        return await leases.take(connection, "csv", holder)


async def expire(database: Database) -> None:
    async with database.write() as connection:
        past = "2000-01-01T00:00:00.000000Z" if database.is_sqlite else datetime(2000, 1, 1, tzinfo=UTC)
        await connection.execute(text("UPDATE etl_leases SET expires_at = :past"), {"past": past})


async def test_a_held_lease_is_refused_and_an_expired_one_taken_with_a_higher_epoch(database: Database) -> None:
    first = await take(database, "a")
    with pytest.raises(LeaseHeld):
        await take(database, "b")
    await expire(database)
    assert await take(database, "b") > first


async def test_the_old_holder_is_fenced_off(database: Database) -> None:
    first = await take(database, "a")
    await expire(database)
    await take(database, "b")
    with pytest.raises(Fenced):
        async with database.write() as connection:
            await leases.hold(connection, "csv", first)


async def test_of_many_takers_at_once_one_wins(database: Database) -> None:
    results = await asyncio.gather(*(take(database, str(n)) for n in range(8)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["LeaseHeld"] * 7 + ["int"]


async def test_twenty_requests_at_once_give_one_run(database: Database, query: Query) -> None:
    answers = await asyncio.gather(*(request(database) for _ in range(20)))
    assert len({answer.run.id for answer in answers}) == 1
    assert sum(answer.started for answer in answers) == 1
    assert await query("SELECT count(*) FROM etl_runs") == [(1,)]


async def test_a_slot_is_recorded_once_even_after_its_run_ended(database: Database, query: Query) -> None:
    first = await request(database, slot=SLOT)
    async with database.write() as connection:
        await connection.execute(text("UPDATE etl_runs SET status = 'success'"))
    assert (await request(database, slot=SLOT)).run.id == first.run.id
    assert await query("SELECT count(*) FROM etl_runs") == [(1,)]


async def test_an_idempotency_key_gives_the_first_answer_again(database: Database) -> None:
    first = await request(database, idempotency_key="k", asked="csv")
    async with database.write() as connection:
        await connection.execute(text("UPDATE etl_runs SET status = 'failed'"))
    again = await request(database, idempotency_key="k", asked="csv")
    assert (again.run.id, again.started, again.run.status) == (first.run.id, True, RunStatus.FAILED)
    with pytest.raises(IdempotencyKeyReused):
        await request(database, idempotency_key="k", asked="something else")


async def test_a_dead_run_is_abandoned_and_its_continuation_runs(database: Database, query: Query) -> None:
    await request(database)
    await take(database, "a process that dies")
    async with database.write() as connection:
        await connection.execute(text("UPDATE etl_runs SET status = 'running', epoch = 1"))
    await expire(database)
    dispatcher = Dispatcher(Runner(database, {"csv": MemorySource([[row("btc")]])}, batch_size=5))
    serving = asyncio.create_task(dispatcher.serve())
    dispatcher.wake()
    try:
        for _ in range(100):
            statuses = await query("SELECT status FROM etl_runs ORDER BY id")
            if statuses == [("abandoned",), ("success",)]:
                break
            await asyncio.sleep(0.05)
    finally:
        serving.cancel()
        await dispatcher.stop()
    assert statuses == [("abandoned",), ("success",)]


async def test_a_fenced_run_writes_nothing_more(database: Database, query: Query) -> None:
    class StolenFrom(MemorySource):
        async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
            async for page in super().pages(staged):
                yield page
            # Pages are kept while the next ones are fetched; let it be over before the lease is stolen.
            await asyncio.wait_for(kept.wait(), 10)
            await expire(database)
            async with database.write() as connection:
                await runs.abandon_dead(connection, "csv")

    kept = asyncio.Event()

    def watch(progress: Progress) -> None:
        if progress.staged:
            kept.set()

    runner = Runner(database, {"csv": StolenFrom([[row("btc")]])}, batch_size=5, on_progress=watch)
    with pytest.raises(Fenced):
        await runner.run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI)
    assert await query("SELECT count(*) FROM assets") == [(0,)]
    assert await query("SELECT status FROM etl_runs") == [("abandoned",)]


async def test_stopping_the_process_interrupts_the_run_and_frees_the_source(database: Database, query: Query) -> None:
    first_page_staged = asyncio.Event()

    class Slow(MemorySource):
        async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
            async for page in super().pages(staged):
                yield page
                first_page_staged.set()
                await asyncio.sleep(60)

    runner = Runner(database, {"csv": Slow([[row("btc")], [row("eth")]])}, batch_size=5)
    task = asyncio.create_task(runner.run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI))
    await first_page_staged.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await query("SELECT status FROM etl_runs") == [("interrupted",)]
    await take(database, "the next one")


async def test_a_cancelled_run_ends_at_its_next_batch(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(database, {"csv": MemorySource([[row(f"c{n}") for n in range(9)]])}, batch_size=3)
    commit = runner._commit

    async def cancel_then_commit(*arguments: Any) -> Any:
        async with database.write() as connection:
            await runs.request_cancel(connection, 1)
        return await commit(*arguments)

    monkeypatch.setattr(runner, "_commit", cancel_then_commit)
    run = await runner.run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI)
    assert (run.status, run.records_processed) == (RunStatus.CANCELLED, 3)
    assert (await runner.run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI)).records_processed == 6


@pytest.mark.parametrize("queued", [True, False])
async def test_stopping_while_a_run_is_acquired_interrupts_it_and_frees_the_source(
    database: Database, query: Query, monkeypatch: pytest.MonkeyPatch, queued: bool
) -> None:
    acquiring, start = asyncio.Event(), runs.start

    async def announced(*arguments: Any, **named: Any) -> Run:
        acquiring.set()
        return await start(*arguments, **named)

    monkeypatch.setattr(runs, "start", announced)
    runner = Runner(database, {"csv": MemorySource([[row("btc")]])}, batch_size=5)
    work = (
        runner.run_queued((await request(database)).run)
        if queued
        else runner.run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI)
    )
    task: asyncio.Task[Run | None] = asyncio.create_task(work)
    await acquiring.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await query("SELECT status, records_processed FROM etl_runs") == [("interrupted", 0)]
    assert await query("SELECT holder, expires_at FROM etl_leases") == [(None, None)]


async def test_a_request_for_everything_widens_the_queued_run(database: Database, query: Query) -> None:
    first = await request(database)
    async with database.write() as connection:
        wider = await runs.request(connection, "csv", RunMode.FULL, RunTrigger.CLI)
    assert (wider.run.id, wider.run.mode, wider.started) == (first.run.id, RunMode.FULL, False)
    assert (await request(database)).run.mode is RunMode.FULL
    assert await query("SELECT mode FROM etl_runs") == [("full",)]


@pytest.mark.parametrize("elsewhere", [{"position": 1}, {"window_id": 99}])
async def test_a_checkpoint_that_stands_elsewhere_is_not_moved(
    database: Database, ingest: Ingest, query: Query, elsewhere: dict[str, Any]
) -> None:
    await ingest(MemorySource([[row("a"), row("b")]]))
    async with database.read() as connection:
        stands = await checkpoints.get(connection, "csv")
    assert stands is not None
    with pytest.raises(Fenced):
        async with database.write() as connection:
            await checkpoints.advance(
                connection, replace(stands, **elsewhere), run_id=1, position=3, last_key="c", last_record_id="c"
            )
    assert await query("SELECT position, last_key FROM etl_checkpoints") == [(2, "b")]

"""The log of what happened to runs: complete, numbered without gaps, and read from any place in it."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from db import cursors, leases, retention, run_event_reader, runs
from db.engine import Database
from db.enums import RunEventKind, RunMode, RunStatus, RunTrigger
from db.errors import CursorExpired, InvalidCursor
from db.run_event_reader import RunEvent
from db.runs import Run
from tests.etl.conftest import Ingest
from tests.fakes import MemorySource, row

PAGES = [[row(f"coin-{page}{n}") for n in range(3)] for page in range(2)]


async def events(database: Database, source: str = "csv", after: int = 0) -> list[RunEvent]:
    async with database.read() as connection:
        return await run_event_reader.behind(connection, source, after, 1000)


async def ask(database: Database, source: str = "csv", mode: RunMode = RunMode.INCREMENTAL) -> Run:
    async with database.write() as connection:
        return (await runs.request(connection, source, mode, RunTrigger.MANUAL)).run


async def cancel(database: Database, run: Run) -> Run | None:
    async with database.write() as connection:
        return await runs.request_cancel(connection, run.id)


async def test_a_run_is_told_from_its_request_to_its_end(database: Database, ingest: Ingest) -> None:
    run = await ingest(MemorySource(PAGES), batch_size=4)
    told = await events(database)
    assert [(event.sequence, event.kind, event.message) for event in told] == [
        (1, "queued", "asked for: cli"),
        (2, "started", "began at the start of a window"),
        (3, "page_staged", "page 1 kept: 3 records"),
        (4, "page_staged", "page 2 kept: 3 records"),
        (5, "planned", "the window holds 6 records"),
        (6, "batch_loaded", "4 records committed, 4 of 6"),
        (7, "batch_loaded", "2 records committed, 6 of 6"),
        (8, "ended", "success"),
    ]
    assert [event.run.records_processed for event in told] == [0, 0, 0, 0, 0, 4, 6, 6]
    assert told[-1].run == run
    assert {event.run.status for event in told[1:-1]} == {RunStatus.RUNNING}


async def test_a_run_that_goes_on_says_where(database: Database, ingest: Ingest) -> None:
    await ingest(MemorySource(PAGES), batch_size=4, fail_after=2)
    await ingest(MemorySource(PAGES), batch_size=4)
    told = {event.message for event in await events(database)}
    assert {"failed: injected failure after 2 records (ETL_FAIL_AFTER_N_RECORDS)"} < told
    assert {"began behind record 2 of its window", "4 records committed, 6 of 6"} < told


async def test_requests_of_people_are_told_once(database: Database) -> None:
    run = await ask(database)
    await ask(database)
    await ask(database, mode=RunMode.FULL)
    async with database.write() as connection:
        await connection.execute(text("UPDATE etl_runs SET status = 'running'"))
    for _ in range(2):
        await cancel(database, run)
    assert [event.kind for event in await events(database)] == ["queued", "mode_changed", "cancel_requested"]


async def test_a_queued_run_that_is_cancelled_ends(database: Database) -> None:
    run = await ask(database)
    await cancel(database, run)
    assert await cancel(database, run) is None
    assert [(event.kind, event.run.status) for event in await events(database)][1:] == [
        (RunEventKind.ENDED, RunStatus.CANCELLED)
    ]


async def test_a_dead_run_is_told(database: Database) -> None:
    await ask(database)
    async with database.write() as connection:
        await connection.execute(text("UPDATE etl_runs SET status = 'running'"))
        past = "2000-01-01T00:00:00.000000Z" if database.is_sqlite else datetime(2000, 1, 1, tzinfo=UTC)
        await connection.execute(text("UPDATE etl_leases SET expires_at = :past"), {"past": past})
    async with database.write() as connection:
        await runs.requeue(connection, "csv")
    assert [event.kind for event in await events(database)] == ["queued", "abandoned", "queued"]


async def test_writers_at_once_leave_no_gap(database: Database) -> None:
    """Requests and cancellations of one source at the same time, as several processes make them."""
    others = [Database(database.url.render_as_string(hide_password=False)) for _ in range(2)]

    async def write(one: Database) -> None:
        for _ in range(10):
            await cancel(one, await ask(one))

    try:
        await asyncio.gather(*(write(one) for one in (database, *others)))
    finally:
        for one in others:
            await one.close()
    told = await events(database)
    assert [event.sequence for event in told] == list(range(1, len(told) + 1))
    assert [event.run.id for event in told] == sorted(event.run.id for event in told)
    # A run is queued once and ends once, however the callers met.
    assert len(told) == 2 * len({event.run.id for event in told})


async def test_a_cancellation_waits_for_who_is_writing(database: Database) -> None:
    run = await ask(database)
    other = Database(database.url.render_as_string(hide_password=False))
    try:
        async with other.write() as connection:
            await leases.lock(connection, "csv")
            await runs.staged(connection, run.id, 1, [10])
            cancelling = asyncio.create_task(cancel(database, run))
            await asyncio.sleep(0.2)
            assert not cancelling.done()
        assert (await cancelling) is not None
    finally:
        await other.close()
    assert [event.kind for event in await events(database)] == ["queued", "page_staged", "ended"]


async def test_each_source_has_its_own_numbers(database: Database) -> None:
    await ask(database, "csv")
    await ask(database, "coingecko")
    async with database.read() as connection:
        assert await run_event_reader.ends(connection) == {"csv": 1, "coingecko": 1}


async def test_old_events_are_forgotten_but_the_last(database: Database) -> None:
    await cancel(database, await ask(database))
    await cancel(database, await ask(database))
    async with database.write() as connection:
        past = "2000-01-01T00:00:00.000000Z" if database.is_sqlite else datetime(2000, 1, 1, tzinfo=UTC)
        await connection.execute(text("UPDATE etl_run_events SET at = :past WHERE sequence <= 4"), {"past": past})
    assert await retention.prune_events(database, "csv", days=7) == 3
    assert await retention.prune_events(database, "csv", days=7) == 0
    assert [event.sequence for event in await events(database, after=3)] == [4]
    for place in range(3):
        with pytest.raises(CursorExpired):
            await events(database, after=place)
    await ask(database)
    assert [event.sequence for event in await events(database, after=3)] == [4, 5]


def test_a_cursor_is_a_place() -> None:
    place = {"csv": 12, "coingecko": 7}
    cursor = run_event_reader.cursor(None, place)
    assert run_event_reader.place(None, cursor) == place
    assert run_event_reader.place("csv", run_event_reader.cursor("csv", {})) == {}
    for wrong in (None, "coinpaprika"):
        with pytest.raises(InvalidCursor):
            run_event_reader.place(wrong, run_event_reader.cursor("csv", {"csv": 12}))


@pytest.mark.parametrize("text", ["csv:x", "csv", ":", "csv:-1", "csv:99999999999999999999", "a:1 b:"])
def test_a_forged_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        run_event_reader.place("csv", cursors.encode("run_events csv", [text]))

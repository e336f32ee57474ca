"""Quarantined records are judged again after a fix, without asking the upstream."""

import json

import msgspec
import pytest

from db import quarantine, runs
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.records import NewAsset
from db.runs import Run
from etl.runner import Runner
from etl.types import RawRecord
from tests.etl.conftest import Ingest, Query
from tests.etl.test_leases import expire
from tests.fakes import MIDNIGHT, MemorySource, row

ODD = b'{"id":"odd","symbol":"O","name":"Odd","price":"7"}'
PAGE = [row(f"coin-{n}") for n in range(12)] + [ODD, b'{"id":"hopeless","symbol":7}']
QUARANTINE = "SELECT external_id, replay_run_id FROM etl_quarantine ORDER BY external_id"


class Lenient(MemorySource):
    """The same source after a fix: prices in quotes are taken."""

    def parse(self, record: RawRecord) -> NewAsset:
        if record.external_id != "odd":
            return super().parse(record)
        found = json.loads(record.payload)
        return msgspec.structs.replace(
            super().parse(RawRecord(record.key, "odd", row("odd"))), price_usd=float(found["price"])
        )


async def test_what_is_good_now_becomes_an_asset_and_the_rest_stays(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([PAGE]))
    fixed = Lenient([])
    run = await ingest(fixed, mode=RunMode.REPLAY)
    assert (run.status, run.mode, run.inserted, run.quarantined) == (RunStatus.SUCCESS, RunMode.REPLAY, 1, 1)
    assert fixed.asked == []
    assert await query("SELECT price_usd FROM assets WHERE external_id = 'odd'") == [(7.0,)]
    assert await query("SELECT payload FROM raw_assets WHERE external_id = 'odd'") == [(ODD.decode(),)]
    assert await query(QUARANTINE) == [("hopeless", None), ("odd", run.id)]


async def test_replaying_again_finds_only_what_is_left(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([PAGE]))
    await ingest(Lenient([]), mode=RunMode.REPLAY)
    again = await ingest(Lenient([]), mode=RunMode.REPLAY)
    assert (again.records_processed, again.quarantined) == (1, 1)
    assert await query("SELECT count(*) FROM etl_quarantine") == [(2,)]


async def test_an_empty_quarantine_is_a_success(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([[row("btc")]]))
    run = await ingest(MemorySource([]), mode=RunMode.REPLAY)
    assert (run.status, run.records_processed) == (RunStatus.SUCCESS, 0)
    assert await query("SELECT count(*) FROM etl_drift_events") == [(0,)]


async def test_a_replay_that_stops_is_resumed(ingest: Ingest) -> None:
    await ingest(MemorySource([PAGE]))
    assert (await ingest(Lenient([]), mode=RunMode.REPLAY, fail_after=1)).status is RunStatus.FAILED
    rest = await ingest(Lenient([]), mode=RunMode.REPLAY)
    assert (rest.status, rest.records_processed) == (RunStatus.SUCCESS, 1)


async def chosen(database: Database, *replay_ids: int) -> Run:
    """A queued replay of these records of the quarantine."""
    async with database.write() as connection:
        asked = await runs.request(connection, "csv", RunMode.REPLAY, RunTrigger.MANUAL, replay_ids=replay_ids)
    return asked.run


async def carry_out(database: Database, queued: Run, fail_after: int | None = None) -> Run:
    runner = Runner(database, {"csv": Lenient([])}, batch_size=10, fail_after=fail_after)
    done = await runner.run_queued(queued)
    assert done is not None
    return done


MANY = [row(f"coin-{n}") for n in range(60)] + [f'{{"id":"bad-{n}","symbol":7}}'.encode() for n in range(6)]


async def test_other_records_are_not_taken_for_the_rest_of_an_open_replay(ingest: Ingest, database: Database) -> None:
    await ingest(MemorySource([MANY]))
    assert (await carry_out(database, await chosen(database, 1, 2, 3), fail_after=1)).status is RunStatus.FAILED
    other = await carry_out(database, await chosen(database, 5))
    assert (other.records_processed, other.resumed_after, other.replay_ids) == (1, None, (5,))


async def test_a_replay_of_chosen_records_that_stops_is_resumed(ingest: Ingest, database: Database) -> None:
    await ingest(MemorySource([MANY]))
    await carry_out(database, await chosen(database, 3, 2, 1), fail_after=1)
    rest = await carry_out(database, await chosen(database, 1, 3, 2))
    assert (rest.status, rest.records_processed, rest.total) == (RunStatus.SUCCESS, 2, 3)


async def test_an_incremental_run_finishes_it_as_the_replay_that_it_was(ingest: Ingest, database: Database) -> None:
    await ingest(MemorySource([MANY]))
    await carry_out(database, await chosen(database, 3, 2, 1), fail_after=1)
    rest = await ingest(Lenient([]))
    assert (rest.mode, rest.replay_ids, rest.records_processed) == (RunMode.REPLAY, (1, 2, 3), 2)


async def test_the_continuation_of_a_dead_replay_is_of_the_same_records(ingest: Ingest, database: Database) -> None:
    await ingest(MemorySource([MANY]))
    runner = Runner(database, {"csv": Lenient([])}, batch_size=10)
    assert await runner._acquire_queued(await chosen(database, 2, 4)) is not None
    await expire(database)
    async with database.write() as connection:
        again = await runs.requeue(connection, "csv")
    assert again is not None
    done = await carry_out(database, again)
    assert (done.status, done.records_processed) == (RunStatus.SUCCESS, 2)


async def test_what_is_asked_while_a_run_is_being_picked_up_counts(ingest: Ingest, database: Database) -> None:
    await ingest(MemorySource([MANY]))
    seen = await chosen(database, 1)
    await chosen(database, 2)
    assert (await carry_out(database, seen)).records_processed == 2


@pytest.mark.parametrize(("wanted", "expected"), [(None, 6), (RunMode.FULL, 66)])
async def test_a_wider_request_widens_a_queued_replay(
    ingest: Ingest, database: Database, wanted: RunMode | None, expected: int
) -> None:
    await ingest(MemorySource([MANY]))
    queued = await chosen(database, 1)
    async with database.write() as connection:
        await runs.request(connection, "csv", wanted or RunMode.REPLAY, RunTrigger.MANUAL)
    done = await Runner(database, {"csv": MemorySource([MANY])}, batch_size=100).run_queued(queued)
    assert done is not None
    assert (done.records_processed, done.replay_ids) == (expected, None)


async def test_chosen_records_are_found_in_steps(ingest: Ingest, database: Database) -> None:
    await ingest(MemorySource([MANY]))
    await carry_out(database, await chosen(database, 2))
    async with database.write() as connection:
        await quarantine.mark_replayed(connection, [1, 2, 3, 4], run_id=1, at=MIDNIGHT)
    async with database.read() as connection:
        found = await quarantine.waiting(connection, "csv", 0, 2, only=(1, 2, 3, 4, 5, 6, 7))
        assert [refused.id for refused in found] == [5, 6]
        assert await quarantine.waiting(connection, "csv", 6, 2, only=(1, 7)) == []


async def test_an_older_replayed_record_does_not_win(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([PAGE]))
    await ingest(MemorySource([[*PAGE[:12], row("odd", 9.0, minute=3)]]))
    assert (await ingest(Lenient([]), mode=RunMode.REPLAY)).stale == 1
    assert await query("SELECT price_usd FROM assets WHERE external_id = 'odd'") == [(9.0,)]


async def test_a_replayed_record_without_a_time_does_not_win_either(ingest: Ingest, query: Query) -> None:
    class Undated(Lenient):
        def parse(self, record: RawRecord) -> NewAsset:
            asset = super().parse(record)
            return msgspec.structs.replace(asset, last_updated=None) if b'"7"' in record.payload else asset

    await ingest(MemorySource([PAGE]))
    await ingest(MemorySource([[*PAGE[:12], row("odd", 9.0, minute=3)]]))
    assert (await ingest(Undated([]), mode=RunMode.REPLAY)).stale == 1
    assert await query("SELECT price_usd FROM assets WHERE external_id = 'odd'") == [(9.0,)]

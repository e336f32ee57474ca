"""Quarantined records are judged again after a fix, without asking the upstream."""

import json

import msgspec

from db.enums import RunMode, RunStatus
from db.records import NewAsset
from etl.types import RawRecord
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource, row

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

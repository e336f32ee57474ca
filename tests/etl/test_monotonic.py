"""Nothing older over newer, nothing twice, nothing kept back."""

import msgspec
import pytest

from db.enums import Outcome, RunMode, RunStatus
from db.records import NewAsset
from etl.types import RawRecord
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource, row


async def test_an_older_record_does_not_replace_a_newer_one(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([[row("btc", 2.0, minute=5)]]))
    stale = await ingest(MemorySource([[row("btc", 1.0, minute=4)]]))
    assert stale.stale == 1
    assert await query("SELECT price_usd FROM assets") == [(2.0,)]
    assert await query("SELECT count(*) FROM raw_assets") == [(2,)]


async def test_new_content_under_an_old_time_is_taken(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([[row("btc", 1.0, minute=5)]]))
    await ingest(MemorySource([[row("btc", 2.0, minute=5)]]))
    back = await ingest(MemorySource([[row("btc", 1.0, minute=5)]]))
    assert back.updated == 1
    assert await query("SELECT price_usd FROM assets") == [(1.0,)]
    assert await query("SELECT count(*) FROM raw_assets") == [(2,)]
    assert await query("SELECT price_usd FROM asset_history ORDER BY id") == [(1.0,), (2.0,), (1.0,)]


async def test_a_coin_listed_twice_counts_once_with_its_newest_record(ingest: Ingest, query: Query) -> None:
    run = await ingest(MemorySource([[row("btc", 2.0, minute=2)], [row("btc", 1.0, minute=1), row("eth")]]))
    assert run.records_processed == 2
    assert await query("SELECT price_usd FROM assets WHERE external_id = 'btc'") == [(2.0,)]


async def test_history_gets_a_point_only_when_a_figure_changed(ingest: Ingest, query: Query) -> None:
    for minute, price in enumerate([1.0, 1.0, 2.0]):
        await ingest(MemorySource([[row("btc", price, minute=minute)]]))
    assert await query("SELECT price_usd FROM asset_history ORDER BY id") == [(1.0,), (2.0,)]
    assert await query("SELECT count(*) FROM raw_assets") == [(3,)]


async def test_the_guard_holds_in_sql_even_if_the_decision_were_wrong(
    ingest: Ingest, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ingest(MemorySource([[row("btc", 2.0, minute=5)]]))
    monkeypatch.setattr("etl.load._is_older", lambda new, stored: False)
    await ingest(MemorySource([[row("btc", 1.0, minute=4)]]))
    assert await query("SELECT price_usd FROM assets") == [(2.0,)]


async def test_bad_records_are_quarantined_with_the_reason_and_kept_once(ingest: Ingest, query: Query) -> None:
    page = [row(f"coin-{n}") for n in range(9)] + [b'{"id":"bad","symbol":"B","name":"B","price":"1"}']
    for _ in range(2):
        run = await ingest(MemorySource([page]))
        assert (run.status, run.quarantined, run.records_processed) == (RunStatus.SUCCESS, 1, 10)
    assert await query("SELECT external_id, reason, payload FROM etl_quarantine") == [
        ("bad", "wrong_type", '{"id":"bad","symbol":"B","name":"B","price":"1"}')
    ]
    assert await query("SELECT count(*) FROM assets") == [(9,)]


async def test_a_mostly_bad_page_fails_the_run_and_commits_nothing_of_it(ingest: Ingest, query: Query) -> None:
    page = [row(f"coin-{n}") for n in range(7)] + [b'{"id":"bad-%d","price":"1"}' % n for n in range(2)] + [b"{}"]
    run = await ingest(MemorySource([page]))
    assert run.status is RunStatus.FAILED
    assert "3 of 10 records" in str(run.error)
    assert await query("SELECT count(*) FROM assets") == [(0,)]
    fixed = await ingest(MemorySource([[row("coin-0")]]))
    assert fixed.status is RunStatus.SUCCESS


async def test_an_empty_list_is_a_failure(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([[row("btc")]]))
    run = await ingest(MemorySource([[]]))
    assert run.status is RunStatus.FAILED
    assert await query("SELECT count(*) FROM assets") == [(1,)]


async def test_the_journal_holds_one_letter_for_every_record(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([[row("a"), row("b"), row("c"), row("d"), row("e")]]))
    page = [row("a", 2.0, minute=1), row("b"), row("c", minute=-1), row("d"), b'{"id":"e","name":null}', row("f")]
    await ingest(MemorySource([page]), batch_size=4)
    rows = await query("SELECT outcomes, from_position, to_position FROM etl_batches WHERE window_id = 2 ORDER BY id")
    letters = [
        Outcome.UPDATED,
        Outcome.UNCHANGED,
        Outcome.STALE,
        Outcome.UNCHANGED,
        Outcome.QUARANTINED,
        Outcome.INSERTED,
    ]
    assert rows == [("".join(letters[:4]), 0, 4), ("".join(letters[4:]), 4, 6)]


class Fixed(MemorySource):
    """The same records, from which a later release reads another name."""

    def parse(self, record: RawRecord) -> NewAsset:
        asset = super().parse(record)
        return msgspec.structs.replace(asset, name="Beta") if asset.external_id == "b" else asset


async def test_a_full_run_rewrites_what_differs_and_nothing_else(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([[row("a"), row("b")]]))
    assert (await ingest(Fixed([[row("a"), row("b")]]))).updated == 0
    full = await ingest(Fixed([[row("a"), row("b")]]), mode=RunMode.FULL)
    assert (full.updated, full.unchanged) == (1, 1)
    assert await query("SELECT name FROM assets ORDER BY external_id") == [("A",), ("Beta",)]


async def test_a_full_run_that_failed_half_way_is_finished_as_a_full_run(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([[row("a"), row("b")]]))
    await ingest(Fixed([[row("a"), row("b")]]), mode=RunMode.FULL, fail_after=1)
    rest = await ingest(Fixed([[row("a"), row("b")]]))
    assert (rest.status, rest.mode, rest.records_processed) == (RunStatus.SUCCESS, RunMode.FULL, 1)
    assert await query("SELECT name FROM assets ORDER BY external_id") == [("A",), ("Beta",)]


async def test_a_list_that_shrank_by_half_is_believed_only_by_a_full_run(ingest: Ingest, query: Query) -> None:
    coins = [row(f"coin-{n}") for n in range(10)]
    await ingest(MemorySource([coins]))
    shrunk = await ingest(MemorySource([coins[:4]]))
    assert shrunk.status is RunStatus.FAILED
    assert "only 4 records where there were 10" in str(shrunk.error)
    assert (await ingest(MemorySource([coins[:5]]))).status is RunStatus.SUCCESS
    assert (await ingest(MemorySource([coins[:1]]))).status is RunStatus.FAILED
    assert (await ingest(MemorySource([coins[:1]]), mode=RunMode.FULL)).status is RunStatus.SUCCESS
    assert await query("SELECT count(*) FROM assets") == [(10,)]


async def test_a_record_without_a_time_takes_no_time_away(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([[row("btc", 1.0, minute=5)]]))
    before = await query("SELECT last_updated FROM assets")
    await ingest(MemorySource([[b'{"id":"btc","price":2.0}']]))
    assert await query("SELECT last_updated FROM assets") == before
    assert await query("SELECT price_usd FROM assets") == [(2.0,)]

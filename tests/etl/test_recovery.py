"""A run that stops anywhere, and the run after it, leave what one clean run leaves."""

from collections.abc import AsyncIterator, Sequence

import pytest

from db.enums import RunStatus
from etl.types import Page
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource, row

COINS = [f"coin-{n:02d}" for n in range(23)]
PAGES = [[row(coin, price=n) for n, coin in enumerate(COINS)][start : start + 9] for start in (0, 9, 18)]
BATCH = 5

JOURNAL_GAPS = """
    SELECT window_id, sequence FROM (
        SELECT window_id, sequence, from_position,
               coalesce(lag(to_position) OVER (PARTITION BY window_id ORDER BY sequence), 0) AS expected
        FROM etl_batches) AS journal
    WHERE from_position <> expected
"""


@pytest.mark.parametrize("crash_at", [*range(1, 25)])
async def test_resuming_after_any_record_equals_a_clean_run(ingest: Ingest, query: Query, crash_at: int) -> None:
    failed = await ingest(MemorySource(PAGES), batch_size=BATCH, fail_after=crash_at)
    processed = min(crash_at, len(COINS))
    assert failed.records_processed == processed
    assert failed.injected_failure is (crash_at <= len(COINS))
    assert failed.status is (RunStatus.FAILED if crash_at <= len(COINS) else RunStatus.SUCCESS)
    assert await query("SELECT count(*) FROM assets") == [(processed,)]
    assert await query("SELECT position, last_record_id FROM etl_checkpoints") == [(processed, COINS[processed - 1])]

    if failed.status is RunStatus.FAILED:
        recovered = await ingest(MemorySource(PAGES), batch_size=BATCH)
        assert recovered.status is RunStatus.SUCCESS
        assert recovered.records_processed == len(COINS) - crash_at
        assert recovered.resumed_after == COINS[crash_at - 1]

    assert await query("SELECT external_id, price_usd FROM assets ORDER BY external_id") == [
        (coin, float(price)) for price, coin in enumerate(COINS)
    ]
    assert await query("SELECT count(*), count(DISTINCT record_id) FROM raw_assets") == [(23, 23)]
    assert await query("SELECT count(*) FROM asset_history") == [(23,)]
    assert await query(JOURNAL_GAPS) == []


async def test_a_failed_window_is_not_asked_for_again(ingest: Ingest) -> None:
    await ingest(MemorySource(PAGES), fail_after=2)
    again = MemorySource([[row("never-read")]])
    await ingest(again)
    assert again.asked == []


async def test_failing_again_and_again_gets_through_the_window(ingest: Ingest, query: Query) -> None:
    while (await ingest(MemorySource(PAGES), fail_after=4)).status is RunStatus.FAILED:
        pass
    assert await query("SELECT records_processed FROM etl_runs ORDER BY id") == [(4,), (4,), (4,), (4,), (4,), (3,)]
    assert await query("SELECT count(*) FROM assets") == [(23,)]


async def test_a_window_whose_last_record_failed_is_closed_by_an_empty_run(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource(PAGES), fail_after=len(COINS))
    closing = await ingest(MemorySource(PAGES))
    assert (closing.status, closing.records_processed) == (RunStatus.SUCCESS, 0)
    assert await query("SELECT state FROM etl_windows") == [("closed",)]


async def test_a_second_pass_writes_nothing_new(ingest: Ingest, query: Query) -> None:
    counts = (
        "SELECT (SELECT count(*) FROM raw_assets), (SELECT count(*) FROM asset_history), max(updated_at) FROM assets"
    )
    await ingest(MemorySource(PAGES))
    before = await query(counts)
    second = await ingest(MemorySource(PAGES))
    assert (second.unchanged, second.inserted, second.updated) == (23, 0, 0)
    assert await query(counts) == before


async def test_a_finished_window_drops_its_pages(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource(PAGES))
    assert await query("SELECT count(*) FROM etl_window_pages") == [(0,)]


async def test_a_list_that_breaks_while_it_is_read_goes_on_behind_the_staged_pages(
    ingest: Ingest, query: Query
) -> None:
    class Breaking(MemorySource):
        async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
            async for page in super().pages(staged):
                yield page
                raise ConnectionError("gone")

    assert (await ingest(Breaking(PAGES))).status is RunStatus.FAILED
    whole = MemorySource(PAGES)
    assert (await ingest(whole)).status is RunStatus.SUCCESS
    assert whole.asked == [1, 2]
    assert await query("SELECT count(*) FROM assets") == [(23,)]

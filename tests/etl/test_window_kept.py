"""A window that fits into memory is read once, a larger one once more; what is stored is the same."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import clock
from db.engine import Connection, Database
from db.enums import RunStatus
from etl import stage, survey
from etl.identity import after_run
from etl.identity.linking import Linked
from etl.sources import json_records
from etl.types import Page, RawRecord
from tests.etl.conftest import Ingest, Query
from tests.fakes import MIDNIGHT, MemorySource, row

BAD = b'{"id":"coin-07","symbol":"X","name":"X","price":"?"}'
PAGES = [
    [row(f"coin-{n:02d}", price=n) for n in range(9, 18)],
    [*(row(f"coin-{n:02d}", price=n) for n in range(7)), BAD],
]
SIZE = sum(len(record) + survey.RECORD_BYTES for page in PAGES for record in page)


class Counting(MemorySource):
    """Counts how often its window is read."""

    times_read = 0

    async def records(self, pages: AsyncIterable[Page]) -> AsyncIterator[list[RawRecord]]:
        self.times_read += 1
        async for chunk in super().records(pages):
            yield chunk


@pytest.mark.parametrize(("most_kept", "times_read"), [(SIZE, 1), (SIZE - 1, 2), (0, 2)])
async def test_what_is_stored_is_the_same(
    ingest: Ingest, query: Query, monkeypatch: pytest.MonkeyPatch, most_kept: int, times_read: int
) -> None:
    monkeypatch.setattr(survey, "MOST_KEPT_BYTES", most_kept)
    source = Counting(PAGES)
    run = await ingest(source, batch_size=5)
    assert (run.status, run.inserted, run.quarantined) == (RunStatus.SUCCESS, 16, 1)
    assert source.times_read == times_read
    order = [*range(7), *range(9, 18)]
    assert await query("SELECT external_id, price_usd FROM assets ORDER BY external_id") == [
        (f"coin-{n:02d}", float(n)) for n in order
    ]
    assert await query("SELECT external_id, position FROM raw_assets ORDER BY position") == [
        (f"coin-{n:02d}", position) for n, position in zip(order, [*range(1, 8), *range(9, 18)], strict=True)
    ]
    assert await query("SELECT external_id, position FROM etl_quarantine") == [("coin-07", 8)]
    assert await query("SELECT outcomes, from_position, to_position FROM etl_batches ORDER BY sequence") == [
        ("iiiii", 0, 5), ("iiqii", 5, 10), ("iiiii", 10, 15), ("ii", 15, 17),
    ]  # fmt: skip


async def test_a_window_that_was_kept_is_read_again_by_the_run_that_resumes_it(ingest: Ingest, query: Query) -> None:
    source = Counting(PAGES)
    assert (await ingest(source, batch_size=5, fail_after=7)).status is RunStatus.FAILED
    again = Counting([])
    run = await ingest(again, batch_size=5)
    assert (run.status, run.inserted, run.quarantined) == (RunStatus.SUCCESS, 9, 1)
    assert (source.times_read, again.times_read, again.asked) == (1, 1, [])
    assert await query("SELECT count(*), min(position), max(position) FROM raw_assets") == [(16, 1, 17)]


async def test_a_run_that_resumes_judges_by_the_time_of_the_one_that_staged(
    ingest: Ingest, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = clock.read

    async def a_day_later(connection: Connection) -> datetime:
        return await read(connection) + timedelta(days=1)

    minutes = int((datetime.now(UTC) - MIDNIGHT) / timedelta(minutes=1))
    of_this_evening = row("coin-99", minute=minutes + 12 * 60)
    with monkeypatch.context() as later:
        later.setattr(clock, "read", a_day_later)
        assert (await ingest(MemorySource([*PAGES, [of_this_evening]]), fail_after=2)).status is RunStatus.FAILED
    run = await ingest(MemorySource([]))
    assert (run.status, run.inserted, run.quarantined) == (RunStatus.SUCCESS, 15, 1)
    assert await query("SELECT external_id FROM etl_quarantine") == [("coin-07",)]


@pytest.mark.parametrize(
    ("pages", "fail_after"),
    [(PAGES, 5), ([[BAD, BAD, BAD], *PAGES], None)],
    ids=["a run that fails", "a window that is spoiled"],
)
async def test_nothing_is_kept_while_what_came_of_a_failed_run_is_linked(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, pages: list[list[bytes]], fail_after: int | None
) -> None:
    left: list[int] = []
    link_what_came = after_run.link_what_came

    async def noted(database: Database) -> Linked:
        left.append(sum(len(each) for each in kept if each is not None))
        return await link_what_came(database)

    kept: list[survey.Chunks | None] = []
    looked_through = survey.survey

    async def remembered(*arguments: Any) -> survey.Surveyed:
        found = await looked_through(*arguments)
        kept.append(found.kept)
        return found

    monkeypatch.setattr(json_records, "CHUNK_RECORDS", 2)
    monkeypatch.setattr(stage, "survey", remembered)
    monkeypatch.setattr(after_run, "link_what_came", noted)
    assert (await ingest(MemorySource(pages), batch_size=2, fail_after=fail_after)).status is RunStatus.FAILED
    assert kept[0] is not None
    assert left == [0]


async def test_of_a_window_with_too_many_records_nothing_is_kept_even_for_a_while(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []

    async def noted(chunks: survey.Chunks | None) -> None:
        held.append(len(chunks or ()))

    monkeypatch.setattr(survey, "MOST_KEPT_BYTES", 17 * survey.RECORD_BYTES - 1)
    monkeypatch.setattr(json_records, "CHUNK_RECORDS", 2)
    monkeypatch.setattr(survey, "let_go", noted)
    assert (await ingest(MemorySource(PAGES))).status is RunStatus.SUCCESS
    assert set(held) == {0}

"""How many bad records a window may hold: counted per page of the upstream, before anything is committed."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from db.engine import Database
from db.enums import RunStatus
from etl.sources.csv_file import CsvSource
from tests.crash.invariants import violations
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource, row

COMMITTED = (
    "SELECT (SELECT count(*) FROM assets), (SELECT count(*) FROM etl_quarantine), (SELECT count(*) FROM etl_batches)"
)


def coins(count: int, bad: int = 0, first: int = 0) -> list[bytes]:
    """A page of `count` coins, the last `bad` of them without a usable price."""
    broken = [
        b'{"id":"coin-%05d","symbol":"X","name":"X","price":"?"}' % (first + n) for n in range(count - bad, count)
    ]
    return [row(f"coin-{first + n:05d}") for n in range(count - bad)] + broken


@pytest.mark.parametrize(
    ("pages", "quarantined"),
    [
        ([coins(250), coins(1, bad=1, first=250)], 1),
        ([coins(250, bad=50), coins(250, bad=50, first=250)], 100),
        ([coins(1, bad=1)], 1),
        ([coins(2, bad=1)], 1),
        ([coins(3948) + [b'{"symbol":"?"}'] * 52], 52),
    ],
    ids=["last-of-251", "a-fifth-of-each", "one-alone", "one-of-two", "no-id"],
)
async def test_an_odd_record_does_not_stop_the_others(
    ingest: Ingest, pages: Sequence[Sequence[bytes]], quarantined: int
) -> None:
    run = await ingest(MemorySource(pages), batch_size=1000)
    assert (run.status, run.quarantined) == (RunStatus.SUCCESS, quarantined)
    assert run.inserted == sum(map(len, pages)) - quarantined


@pytest.mark.parametrize(
    ("pages", "complaint"),
    [
        ([coins(250), coins(250, bad=62, first=250)], "62 of 250 records of page 2"),
        ([coins(2, bad=2)], "2 of 2 records of page 1"),
        ([coins(250), [b'{"symbol":"?"}'] * 51 + coins(199, first=250)], "51 of 250 records of page 2"),
    ],
    ids=["page-2", "all", "no-id"],
)
async def test_a_mostly_bad_page_spoils_the_window_before_anything_is_committed(
    ingest: Ingest, query: Query, database: Database, pages: Sequence[Sequence[bytes]], complaint: str
) -> None:
    run = await ingest(MemorySource(pages), batch_size=50)
    assert (run.status, run.records_processed) == (RunStatus.FAILED, 0)
    assert complaint in str(run.error)
    assert await query(COMMITTED) == [(0, 0, 0)]
    assert await violations(database) == []


async def test_the_last_row_of_a_long_file_may_be_bad(ingest: Ingest, tmp_path: Path) -> None:
    good = "".join(f"coin-{n:05d},1\n" for n in range(5000))
    (tmp_path / "coins.csv").write_text(f"id,price\n{good}coin-99999,free\n")
    run = await ingest(CsvSource(tmp_path / "coins.csv"), batch_size=1000)
    assert (run.status, run.inserted, run.quarantined) == (RunStatus.SUCCESS, 5000, 1)

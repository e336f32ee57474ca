"""A coin that comes twice: the newest good record counts, and no bad one hides it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from etl.sources.csv_file import CsvSource
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource, row

FUTURE = 4_102_444_800  # 2100-01-01
ASSETS = "SELECT external_id, price_usd FROM assets ORDER BY external_id"
QUARANTINE = "SELECT external_id, reason FROM etl_quarantine"
OTHERS = [row(f"other-{n}") for n in range(9)]

DATED_TOMORROW = row("btc", 2.0, minute=1).replace(b"2025", b"2100")
BAD = {"future": DATED_TOMORROW, "wrong_type": b'{"id":"btc","symbol":"b","name":"B","price":"2"}'}


@pytest.mark.parametrize("reason", sorted(BAD))
@pytest.mark.parametrize("bad_first", [False, True])
async def test_a_bad_duplicate_does_not_hide_the_good_record(
    ingest: Ingest, query: Query, reason: str, bad_first: bool
) -> None:
    pages = [[row("btc", 1.0), *OTHERS], [BAD[reason], row("eth", 3.0)]]
    await ingest(MemorySource(pages[::-1] if bad_first else pages))
    assert (await query(ASSETS))[:2] == [("btc", 1.0), ("eth", 3.0)]
    assert await query(QUARANTINE) == [("btc", reason)]


@pytest.mark.parametrize("bad", ["btc,2,2100-01-01", "btc,free,2025-01-21", "btc,2,soon"])
@pytest.mark.parametrize("bad_first", [False, True])
async def test_nor_does_a_bad_row_of_a_file(
    ingest: Ingest, query: Query, tmp_path: Path, bad: str, bad_first: bool
) -> None:
    rows = ["btc,1,2025-01-20", bad]
    others = [f"other-{n},1,2025-01-20" for n in range(9)]
    lines = ["id,price,last_updated", *(rows[::-1] if bad_first else rows), *others]
    (tmp_path / "coins.csv").write_text("\n".join(lines))
    await ingest(CsvSource(tmp_path / "coins.csv"))
    assert (await query(ASSETS))[0] == ("btc", 1.0)
    assert [external_id for external_id, _ in await query(QUARANTINE)] == ["btc"]


async def test_records_that_are_all_bad_are_all_quarantined(ingest: Ingest, query: Query) -> None:
    await ingest(MemorySource([[*OTHERS, BAD["future"], BAD["wrong_type"]]]))
    assert sorted(await query(QUARANTINE)) == [("btc", "future"), ("btc", "wrong_type")]


async def test_a_coin_without_a_time_twice_is_one_asset_and_settles(ingest: Ingest, query: Query) -> None:
    def undated(price: float) -> bytes:
        return msgspec.json.encode({"id": "btc", "symbol": "b", "name": "B", "price": price, "last_updated": None})

    written = "SELECT price_usd, updated_at, (SELECT count(*) FROM asset_history), (SELECT count(*) FROM raw_assets)"
    pages = [[undated(1.0), row("eth")], [undated(2.0)]]
    assert (await ingest(MemorySource(pages))).records_processed == 2
    before = await query(f"{written} FROM assets WHERE external_id = 'btc'")
    second = await ingest(MemorySource(pages))
    assert (second.unchanged, second.updated, second.inserted) == (2, 0, 0)
    assert await query(f"{written} FROM assets WHERE external_id = 'btc'") == before
    assert before[0][0] == 2.0


async def test_a_file_from_the_future_is_dated_when_it_was_read_and_can_be_corrected(
    ingest: Ingest, query: Query, tmp_path: Path
) -> None:
    file = tmp_path / "coins.csv"
    for price, dated in ((1, FUTURE), (2, FUTURE), (3, datetime.now(UTC).timestamp() + 60)):
        file.write_text(f"id,price\nbtc,{price}\n")
        os.utime(file, (dated, dated))
        await ingest(CsvSource(file))
        [(shown, last_updated)] = await query("SELECT price_usd, last_updated FROM assets")
        assert shown == price
        moment = datetime.fromisoformat(last_updated) if isinstance(last_updated, str) else last_updated
        assert moment <= datetime.now(UTC) + timedelta(seconds=1)

"""The CSV source as the runner sees it: pages, records, duplicates, and files that will not do."""

import asyncio
import gzip
import os
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.csv_format import pages as csv_pages
from etl.csv_format.sort import EntrySorter
from etl.errors import RecordInvalid, SourceBroken, SourceUnavailable
from etl.sources import csv_file
from etl.sources.csv_file import CsvSource
from etl.types import Page, RawRecord

MODIFIED = 1_767_225_600
UNIFIED = (
    "external_id,symbol,name,rank,price_usd,market_cap_usd,volume_24h_usd,percent_change_1h,percent_change_24h,"
    "percent_change_7d,circulating_supply,total_supply,max_supply,ath_usd,ath_at,last_updated"
)


def write(path: Path, content: str | bytes, modified: int = MODIFIED) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (modified, modified))
    return path


async def staged(source: CsvSource, done: Sequence[int] = ()) -> list[Page]:
    return [page async for page in source.pages(done)]


async def unpacked(source: CsvSource, pages: Sequence[Page]) -> list[RawRecord]:
    async def replayed() -> AsyncIterator[Page]:
        for page in pages:
            yield page

    return [record async for chunk in source.records(replayed()) for record in chunk]


async def read(path: Path, *, page_records: int = 5000, chunk_records: int = 40_000) -> list[RawRecord]:
    source = CsvSource(path, page_records=page_records, chunk_records=chunk_records)
    return await unpacked(source, await staged(source))


@pytest.fixture
def coins(tmp_path: Path) -> Path:
    return tmp_path / "coins.csv"


async def test_records_carry_all_that_parsing_needs(coins: Path) -> None:
    write(coins, "\ufeffid,name,price\r\nbitcoin,Bitcoin,1\r\n")
    [record] = await read(coins)
    assert record == RawRecord(
        key="bitcoin\t00000:000000000000",
        external_id="bitcoin",
        payload=b"bitcoin,Bitcoin,1",
        header="id,name,price",
        dated=datetime.fromtimestamp(MODIFIED, UTC),
    )
    assert CsvSource(Path("elsewhere")).parse(record).price_usd == 1.0


async def test_records_come_in_key_order_and_nameless_ones_first(coins: Path) -> None:
    write(coins, "id,name\nb,B\n,nobody\nZ,Z\na,A\n")
    assert [record.external_id for record in await read(coins)] == [None, "Z", "a", "b"]


async def test_pages_say_what_they_hold(coins: Path) -> None:
    write(coins, "id\n" + "".join(f"coin{number}\n" for number in range(10)))
    pages = await staged(CsvSource(coins, page_records=4))
    assert [(page.records, page.origin) for page in pages] == [(4, "coins.csv"), (4, "coins.csv"), (2, "coins.csv")]
    assert [page.last_key for page in pages] == [f"coin{n}\t00000:{n:012d}" for n in (3, 7, 9)]


async def test_pages_of_big_records_are_short(coins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_pages, "PAGE_BYTES", 100)
    write(coins, "id,name\n" + "".join(f"{number},{'x' * 60}\n" for number in range(5)))
    assert [page.records for page in await staged(CsvSource(coins))] == [2, 2, 1]


async def test_staged_pages_are_not_given_again(coins: Path) -> None:
    write(coins, "id\na\nb\nc\n")
    source = CsvSource(coins, page_records=1)
    assert [page.body for page in await staged(source, [1, 1])] == [(await staged(source))[2].body]


@pytest.mark.parametrize(
    ("rows", "effective"),
    [
        ("x,1,1600000000\nx,2,1500000000\n", b"x,1,1600000000"),
        ("x,1,1500000000\nx,2,1600000000\n", b"x,2,1600000000"),
        ("x,1,1600000000\nx,2,1600000000\n", b"x,2,1600000000"),
        ("x,1,1600000000\nx,2,\n", b"x,2,"),
        ("x,1,\nx,2,1600000000\n", b"x,1,"),
        ("x,1,1600000000\nx,2,soon\n", b"x,1,1600000000"),
        ("x,1,1600000000\nx,2,1700000000,cell\n", b"x,1,1600000000"),
        ("x,1,soon\nx,2,later\n", b"x,2,later"),
    ],
)
async def test_of_rows_with_one_id_the_newest_counts(coins: Path, rows: str, effective: bytes) -> None:
    write(coins, "id,price,last_updated\nw,0,\n" + rows + "y,0,\n")
    records = await read(coins)
    assert len(records) == 4
    assert [r.payload for r in records if r.external_id == "x" and not r.superseded] == [effective]
    assert not any(r.superseded for r in records if r.external_id != "x")


async def test_a_repeated_row_is_kept_as_superseded(coins: Path) -> None:
    write(coins, "id\nx\nx\nx\n")
    assert [record.superseded for record in await read(coins)] == [True, True, False]


async def test_rows_without_id_never_supersede_each_other(coins: Path) -> None:
    write(coins, "id,name\n,a\n,a\n")
    assert [record.superseded for record in await read(coins)] == [False, False]


async def test_many_rows_with_one_id_may_straddle_pages_and_runs(coins: Path) -> None:
    write(coins, "id,last_updated\n" + "".join(f"x,{1_600_000_000 + n * 37 % 500}\n" for n in range(500)))
    records = await read(coins, page_records=7, chunk_records=30)
    assert [r.payload for r in records if not r.superseded] == [b"x,1600000499"]


async def test_a_folder_is_one_source(tmp_path: Path) -> None:
    write(tmp_path / "b.csv", "id,price\nx,1\ny,1\n", MODIFIED)
    write(tmp_path / "a.tsv", "name\tid\tprice\nX\tx\t2\n", MODIFIED + 60)
    write(tmp_path / "c.csv.gz", gzip.compress(b"id;price\nz;3\n"))
    write(tmp_path / "d.csv", "")
    write(tmp_path / "e.csv", "id,price\n")
    write(tmp_path / "notes.txt", "id\nq\n")
    write(tmp_path / ".hidden.csv", "id\nq\n")
    (tmp_path / "f.csv").mkdir()
    records = await read(tmp_path)
    assert [(r.key, r.superseded) for r in records] == [
        ("x\t00000:000000000000", False),
        ("x\t00001:000000000000", True),
        ("y\t00001:000000000001", False),
        ("z\t00002:000000000000", False),
    ]
    assert [CsvSource(tmp_path).parse(r).price_usd for r in records] == [2.0, 1.0, 1.0, 3.0]
    assert (records[0].dated, records[1].dated) == tuple(datetime.fromtimestamp(MODIFIED + n, UTC) for n in (60, 0))


@pytest.mark.parametrize(
    "content", [b"id,name\nx,caf\xe9\ny,caf\xc3\xa9\n", "id,name\nx,café\ny,café\n".encode("utf-16")]
)
async def test_any_encoding_ends_up_as_utf8(coins: Path, content: bytes) -> None:
    write(coins, content)
    assert [record.payload for record in await read(coins)] == ["x,café".encode(), "y,café".encode()]


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b'id,name\nx,"y\n', "quote without an end"),
        (b"id\nx\0y\n", "NUL byte"),
        (b"id\n" + b"x" * 2**21, "longer than"),
    ],
)
async def test_damaged_records_are_kept_and_refused(coins: Path, content: bytes, detail: str) -> None:
    write(coins, content)
    [record] = await read(coins)
    assert (record.key, record.external_id) == ("\t00000:000000000000", None)
    with pytest.raises(RecordInvalid, match=detail) as refused:
        CsvSource(coins).parse(record)
    assert refused.value.reason == "damaged"


@pytest.mark.parametrize("id_", ["x" * 501, "x" * 200_000])
async def test_an_endless_id_makes_no_key(coins: Path, id_: str) -> None:
    write(coins, f"id\n{id_}\n")
    [record] = await read(coins)
    assert record.external_id is None


@pytest.mark.parametrize("payload", [b'x,"y', b"x\0", b"\xff", b"x"])
def test_a_record_without_its_damage_mark_is_still_refused(payload: bytes) -> None:
    with pytest.raises(RecordInvalid):
        CsvSource(Path()).parse(RawRecord("k", None, payload, header="id,name"))


@pytest.mark.parametrize("header", [None, "", "price,volume"])
def test_a_record_without_a_header_is_refused(header: str | None) -> None:
    with pytest.raises(RecordInvalid, match="damaged"):
        CsvSource(Path()).parse(RawRecord("k", None, b"x,1", header=header))


@pytest.mark.parametrize("content", ["", "\n\n", "id,name\n", "\ufeff"])
async def test_no_records_at_all_is_not_believed(coins: Path, content: str) -> None:
    write(coins, content)
    with pytest.raises(SourceBroken, match=r"coins.csv holds no records"):
        await staged(CsvSource(coins))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("price,volume\n1,2\n", r"coins.csv: no id, symbol or name among the columns 'price', 'volume'"),
        ("<html>\n<body>\n", r"coins.csv: no id, symbol or name among the columns '<html>'"),
        ('id,"name\nx,y\n', r"coins.csv: the header is damaged: quote without an end"),
    ],
)
async def test_a_header_that_names_nothing_is_not_believed(coins: Path, content: str, message: str) -> None:
    write(coins, content)
    with pytest.raises(SourceBroken, match=message):
        await staged(CsvSource(coins))


async def test_a_missing_path_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"absent.csv cannot be read: No such file"):
        await staged(CsvSource(tmp_path / "absent.csv"))


async def test_an_empty_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="holds no CSV file"):
        await staged(CsvSource(tmp_path))


@pytest.mark.parametrize("content", [b"no gzip at all", gzip.compress(b"id\n" + os.urandom(5000))[:-900]])
async def test_an_unreadable_file_is_unavailable(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "coins.csv.gz", content)
    with pytest.raises(SourceUnavailable, match=r"coins.csv.gz cannot be read"):
        await staged(CsvSource(tmp_path))


class ChangingCsv(CsvSource):
    """Somebody writes to the file during the first `changes` readings."""

    def __init__(self, path: Path, changes: int) -> None:
        super().__init__(path)
        self.path, self.changes = path, changes

    def _read_into(self, sorter, files):  # type: ignore[no-untyped-def]
        yield from super()._read_into(sorter, files)
        if self.changes:
            self.changes -= 1
            write(self.path, f"id,price\nx,{self.changes}\n", MODIFIED + self.changes)


async def test_a_file_changed_while_it_was_read_is_read_again(coins: Path) -> None:
    write(coins, "id,price\nx,99\n")
    source = ChangingCsv(coins, changes=2)
    assert [record.payload for record in await unpacked(source, await staged(source))] == [b"x,0"]


async def test_a_file_that_never_rests_is_unavailable(coins: Path) -> None:
    write(coins, "id,price\nx,99\n")
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        await staged(ChangingCsv(coins, changes=csv_file.ATTEMPTS))


async def test_reading_leaves_the_loop_to_others_and_can_be_left(coins: Path) -> None:
    write(coins, "id\n" + "".join(f"coin-{number}\n" for number in range(60_000)))
    pages = CsvSource(coins, page_records=10, chunk_records=5000).pages([])
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    assert (await anext(pages)).records == 10
    await pages.aclose()
    ticking.cancel()
    assert ticks > 10


async def test_a_cancelled_staging_ends_its_work(coins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(coins, "id\n" + "".join(f"coin-{number}\n" for number in range(60_000)))
    sorters: list[EntrySorter] = []
    begun = threading.Event()

    class Watched(EntrySorter):
        def __enter__(self) -> Self:
            sorters.append(self)
            begun.set()
            return super().__enter__()

    monkeypatch.setattr(csv_file, "EntrySorter", Watched)
    staging = asyncio.create_task(staged(CsvSource(coins, page_records=1, chunk_records=100)))
    await asyncio.to_thread(begun.wait)
    staging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await staging
    assert sorters[0]._spill.closed


async def test_the_bundled_file_uses_every_unified_column() -> None:
    seed = Path(csv_file.__file__).with_name("seed.csv")
    records = await read(seed)
    assets = [CsvSource(seed).parse(record) for record in records]
    assert len(assets) == 40
    assert {record.header for record in records} == {UNIFIED}
    assert sorted(asset.rank or 0 for asset in assets) == list(range(1, 41))
    assert b"\r" not in seed.read_bytes()
    assert all(any(getattr(asset, column) is not None for asset in assets) for column in UNIFIED.split(","))


CONTENT = st.lists(
    st.sampled_from(["a", "b", ",", '"', "\n", "\r\n", "\0", "é", "1", "x,1\n", "x,2,1600000000\n", "\t"]), max_size=40
).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(CONTENT, st.integers(1, 5), st.integers(1, 5))
async def test_sizes_never_change_the_records(tmp_path: Path, content: str, page: int, chunk: int) -> None:
    path = write(tmp_path / "coins.csv", "id,price,last_updated\nz,1,\n" + content)
    records = await read(path)
    keys = [record.key for record in records]
    assert keys == sorted(set(keys))
    assert await read(path, page_records=page, chunk_records=chunk) == records
    effective = [record.external_id for record in records if record.external_id and not record.superseded]
    assert sorted(effective) == sorted({record.external_id for record in records if record.external_id})


@given(st.binary() | st.text().map(str.encode), st.none() | st.text())
def test_parse_raises_record_invalid_or_nothing(payload: bytes, header: str | None) -> None:
    for text in (header, "id,symbol,name,rank,price,last_updated"):
        try:
            CsvSource(Path()).parse(RawRecord("k", None, payload, header=text))
        except RecordInvalid:
            continue

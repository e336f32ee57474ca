"""CSV files as people and programs leave them behind: each is read, then replaced by a good one."""

import gzip
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from db.enums import RunStatus
from etl.sources.csv_file import CsvSource
from tests.faults.world import COINS, LONG, World, digest

Spoil = Callable[[bytes], bytes]


def in_line(number: int, change: Spoil) -> Spoil:
    """Change one line; the header is line 0."""

    def spoil(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        lines[number] = change(lines[number])
        return b"".join(lines)

    return spoil


def with_cell(column: int, cell: bytes) -> Spoil:
    """Another cell in the fifth coin's line."""

    def change(line: bytes) -> bytes:
        cells = line.split(b",")
        cells[column] = cell
        return b",".join(cells)

    return in_line(5, change)


ID, NAME, RANK, PRICE, MAX_SUPPLY, LAST_UPDATED = 0, 2, 3, 4, 12, 15

SAME: dict[str, Spoil] = {
    "byte-order-mark": lambda content: b"\xef\xbb\xbf" + content,
    "crlf": lambda content: content.replace(b"\n", b"\r\n"),
    "no-last-line-end": lambda content: content.rstrip(b"\n"),
    "unknown-as-nan": with_cell(MAX_SUPPLY, b"NaN"),
    "blank-lines": lambda content: content.replace(b"\n", b"\n\n"),
    "utf-16": lambda content: content.decode().encode("utf-16"),
    "semicolons": lambda content: content.replace(b",", b";"),
    "rows-in-another-order": lambda content: b"".join(
        [content.splitlines(True)[0], *sorted(content.splitlines(True)[1:], reverse=True)]
    ),
    "rows-twice": lambda content: content + b"".join(content.splitlines(True)[1:8]),
}
"""Other forms of the same content: the assets' values are the same at once, if not their payloads."""

ODD: dict[str, Spoil] = {
    "stray-quote": in_line(5, lambda line: line.replace(b",", b',"', 1)),
    "quote-without-an-end": lambda content: content + b'x,"y',
    "nul": in_line(5, lambda line: b"\0" + line),
    "too-few-cells": in_line(5, lambda line: b"lonely\n"),
    "too-many-cells": in_line(5, lambda line: line.rstrip(b"\n") + b",1,2,3\n"),
    "no-id": with_cell(ID, b""),
    "price-1e999": with_cell(PRICE, b"1e999"),
    "price-of-5000-digits": with_cell(PRICE, b"9" * 5000),
    "price-minus": with_cell(PRICE, b"-1"),
    "price-words": with_cell(PRICE, b"a lot"),
    "rank-huge": with_cell(RANK, b"9" * 30),
    "time-nonsense": with_cell(LAST_UPDATED, b"soon\n"),
    "time-tomorrow": with_cell(LAST_UPDATED, b"2100-01-01T00:00:00Z\n"),
    "long-line": in_line(5, lambda line: b"x" * 3_000_000 + b"\n"),
}
"""One bad line: it is quarantined alone."""

WORSE: dict[str, tuple[Spoil, str]] = {
    "empty": (lambda content: b"", "holds no records"),
    "header-only": (lambda content: content.splitlines(True)[0], "holds no records"),
    "old-mac-line-ends": (lambda content: content.replace(b"\n", b"\r"), "holds no records"),
    "html": (lambda content: b"<html>\n<body>\n", "no id, symbol or name among the columns"),
    "another-table": (lambda content: b"date,amount\n2025-01-01,5\n", "no id, symbol or name among the columns"),
    "binary": (lambda content: bytes(range(256)) * 40, "coins.csv"),
    "prices-are-words": (lambda content: content.replace(b",0.", b",x."), "records of page 1 are bad"),
}
"""Nothing of it can be used."""


@pytest.mark.parametrize("spoil", SAME.values(), ids=SAME)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_other_forms_of_a_file_are_read(world: World, good_csv: bytes, spoil: Spoil) -> None:
    world.csv.write_bytes(spoil(good_csv))
    run = await world.run("csv")
    assert (run.status, run.quarantined) == (RunStatus.SUCCESS, 0), run.error
    assert await world.count("assets", "price_usd IS NOT NULL") == COINS
    world.csv.write_bytes(good_csv)
    await world.recovered("csv")


async def test_a_bad_line_is_quarantined_alone(world: World, good_csv: bytes) -> None:
    for label, spoil in ODD.items():
        world.csv.write_bytes(spoil(good_csv))
        run = await world.run("csv")
        assert (label, run.status, run.quarantined) == (label, RunStatus.SUCCESS, 1), run.error
        world.csv.write_bytes(good_csv)
        await world.heals("csv")
    await world.holds()


@pytest.mark.parametrize(("spoil", "words"), WORSE.values(), ids=WORSE)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_that_says_nothing_changes_nothing(
    world: World, good_csv: bytes, spoil: Spoil, words: str
) -> None:
    await world.run("csv")
    before = await digest(world.database)
    world.csv.write_bytes(spoil(good_csv))
    run = await world.run("csv")
    assert run.status is RunStatus.FAILED
    assert words in str(run.error)
    assert await digest(world.database) == before
    world.csv.write_bytes(good_csv)
    await world.recovered("csv")


async def test_names_in_a_wrong_encoding_are_read_as_windows_1252_until_the_file_is_right(
    world: World, good_csv: bytes
) -> None:
    lines = good_csv.decode().splitlines(keepends=True)
    lines[1] = lines[1].replace(lines[1].split(",")[2], "Café €", 1)
    right = "".join(lines)
    world.csv.write_bytes(right.encode("cp1252"))
    run = await world.run("csv")
    assert (run.status, run.quarantined) == (RunStatus.SUCCESS, 0)
    assert await world.count("assets", "name = 'Café €'") == 1
    world.csv.write_bytes(right.encode())
    await world.recovered("csv")


class Changing(CsvSource):
    """Somebody writes `content` to the file as often as it is read."""

    def __init__(self, path: Path, content: bytes, times: int) -> None:
        super().__init__(path)
        self.path, self.content, self.left = path, content, times

    def _read_into(self, *arguments: Any) -> Iterator[None]:
        yield from super()._read_into(*arguments)
        if self.left:
            self.left -= 1
            self.path.write_bytes(self.content)
            os.utime(self.path, (1_700_000_000 + self.left, 1_700_000_000 + self.left))


@pytest.mark.parametrize(("times", "status"), [(2, RunStatus.SUCCESS), (3, RunStatus.FAILED)])
async def test_a_file_changed_while_it_is_read(world: World, good_csv: bytes, times: int, status: RunStatus) -> None:
    half = b"".join(good_csv.splitlines(True)[:10])
    world.csv.write_bytes(half)
    run = await world.run(Changing(world.csv, good_csv, times))
    assert run.status is status
    assert await world.count("assets") == (COINS if status is RunStatus.SUCCESS else 0)
    await world.recovered("csv")


async def test_a_file_that_goes_and_comes_back(world: World, good_csv: bytes) -> None:
    await world.run("csv", fail_after=5)
    world.csv.unlink()
    assert (await world.run("csv")).status is RunStatus.SUCCESS
    run = await world.run("csv")
    assert run.status is RunStatus.FAILED
    assert "coins.csv cannot be read: No such file" in str(run.error)
    world.csv.write_bytes(good_csv)
    await world.recovered("csv")


async def test_a_compressed_file_that_is_cut_off(world: World, good_csv: bytes) -> None:
    packed = gzip.compress(good_csv)
    world.csv = world.csv.with_name("coins.csv.gz")
    world.csv.write_bytes(packed[: len(packed) // 2])
    run = await world.run("csv")
    assert run.status is RunStatus.FAILED
    assert "coins.csv.gz cannot be read" in str(run.error)
    world.csv.write_bytes(packed)
    await world.recovered("csv")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_endless_line_is_never_in_memory(world: World, good_csv: bytes) -> None:
    """64 MB, or with FAULTS=long a whole gigabyte: a hole in the file, which costs no disk."""
    header, *rows = good_csv.splitlines(keepends=True)
    size = 2**30 if LONG else 2**26
    with world.csv.open("wb") as file:
        file.write(header + rows[0])
        file.seek(size, os.SEEK_CUR)
        file.write(b"\n" + b"".join(rows[1:]))
    before = psutil.Process().memory_info().rss
    with peak_memory() as peak:
        run = await world.run("csv")
    assert (run.status, run.quarantined, run.records_processed) == (RunStatus.SUCCESS, 1, COINS + 1)
    assert peak() - before < size / 2
    world.csv.write_bytes(good_csv)
    await world.recovered("csv")


@contextmanager
def peak_memory() -> Iterator[Callable[[], int]]:
    """The most bytes of memory that this process had while the block ran."""
    seen, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.005):
            seen.append(psutil.Process().memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield lambda: max(seen)
    finally:
        ended.set()
        watching.join()

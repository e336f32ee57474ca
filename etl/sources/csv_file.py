"""CSV files as a source: one file, or all CSV files of a folder taken together.

The upstream is frozen by reading it once into staged pages, in key order; files that change meanwhile are
read again. Of several rows about one coin the newest is effective; the others are kept as superseded.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterator, Sequence
from contextlib import aclosing
from functools import lru_cache
from itertools import islice
from pathlib import Path

from db.records import NewAsset
from db.turns import made
from etl.csv_format.layout import layout_of
from etl.csv_format.lines import damage_of
from etl.csv_format.pages import FileFacts, pages_of, records_of, unpacked
from etl.csv_format.reading import READ_ERRORS, files_of, fingerprint_of, open_csv, unavailable
from etl.csv_format.sort import CHUNK_RECORDS, PIECE_RECORDS, EntrySorter
from etl.drift import storable_name
from etl.errors import EtlError, RecordInvalid, SourceBroken, SourceUnavailable
from etl.types import Page, RawRecord, Shape

ATTEMPTS = 3

# A page, or None: one more piece of work is done, but no page yet.
_Work = Generator[Page | None, None, None]


class CsvSource:
    """Reads `path` as one window; `page_records` is the size of a page, `chunk_records` that of a sorted run."""

    def __init__(self, path: Path, *, page_records: int = 5000, chunk_records: int = CHUNK_RECORDS) -> None:
        self._path = path
        self._page_records = page_records
        self._chunk_records = chunk_records

    @property
    def name(self) -> str:
        """`csv`, whatever the file is called."""
        return "csv"

    @property
    def restages(self) -> bool:
        """Files are frozen as one piece: half a staging is worth nothing."""
        return True

    async def pages(self, staged: Sequence[int]) -> AsyncGenerator[Page, None]:
        """Read, sort and pack the files in a thread. Raises SourceUnavailable or SourceBroken."""
        number = 0
        async with aclosing(_in_thread(self._stage())) as pages:
            async for page in pages:
                if number >= len(staged):
                    yield page
                number += 1

    async def records(self, pages: AsyncIterable[Page]) -> AsyncIterator[list[RawRecord]]:
        """The records of the staged pages, a list a page."""
        async for page in pages:
            yield await made(records_of(await asyncio.to_thread(unpacked, page.body)))

    def shape(self, record: RawRecord) -> Shape:
        """A CSV file's fields are its columns; their cells are all text."""
        return _columns(record.header or "")

    def parse(self, record: RawRecord) -> NewAsset:
        """Read the record's cells under its header. Raises RecordInvalid, whatever the bytes are."""
        layout = layout_of(record.header or "")
        damage = record.damage or damage_of(record.payload, layout.delimiter)
        if damage is None and not layout.identifies:
            damage = "no header tells its cells apart"
        if damage is not None:
            raise RecordInvalid("damaged", damage)
        return layout.asset(_text_of(record.payload))

    def _stage(self) -> _Work:
        for _ in range(ATTEMPTS):
            with EntrySorter(chunk_records=self._chunk_records) as sorter:
                files = yield from self._read_unchanged(sorter)
                if files is not None:
                    yield from pages_of(
                        sorter, files, self.parse, page_records=self._page_records, origin=self._path.name
                    )
                    return
        raise SourceUnavailable(f"CSV_PATH: {self._path.name} changed while it was read, {ATTEMPTS} times")

    def _read_unchanged(self, sorter: EntrySorter) -> Generator[None, None, list[FileFacts] | None]:
        """Read everything; None when the files changed meanwhile, so that what was read is of no moment in time."""
        before = fingerprint_of(self._path)
        files: list[FileFacts] = []
        failure = None
        try:
            yield from self._read_into(sorter, files)
        except EtlError as error:
            failure = error
        if fingerprint_of(self._path) != before:
            return None
        if failure is not None:
            raise failure
        return files

    def _read_into(self, sorter: EntrySorter, files: list[FileFacts]) -> Iterator[None]:
        for number, file in enumerate(files_of(self._path)):
            try:
                opened = open_csv(file, number)
                files.append(FileFacts(opened.header, file.stat().st_mtime_ns // 1_000_000_000))
                while piece := list(islice(opened.entries, PIECE_RECORDS)):
                    yield
                    rest = iter(piece)
                    while sorter.fill(rest):
                        yield from sorter.spill()
            except READ_ERRORS as error:
                raise unavailable(file, error) from error
        if next(iter(sorter), None) is None:
            raise SourceBroken(f"CSV_PATH: {self._path.name} holds no records")


async def _in_thread(work: _Work) -> AsyncGenerator[Page, None]:
    """Run the work piece by piece in threads; when nobody wants the rest, wait for the piece and clean up."""
    turn = threading.Lock()
    finished = object()

    def work_on() -> object:
        with turn:
            return next(work, finished)

    def stop() -> None:
        with turn:
            work.close()

    try:
        while (done := await asyncio.to_thread(work_on)) is not finished:
            if isinstance(done, Page):
                yield done
    finally:
        await asyncio.to_thread(stop)


def _text_of(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise RecordInvalid("damaged", "not UTF-8") from None


@lru_cache(maxsize=256)
def _columns(header: str) -> Shape:
    return tuple(sorted({(storable_name(name), "text") for name in layout_of(header).names}))

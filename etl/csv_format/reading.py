"""A CSV file or a folder of them -> entries to sort: which files, their header, and a key for each record."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from etl.csv_format.layout import Layout, layout_of, name_the_symbols
from etl.csv_format.lines import DELIMITERS, Piece, as_utf8, physical_lines, raw_records, read_blocks
from etl.csv_format.sort import Entry
from etl.errors import SourceBroken, SourceUnavailable

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_SAMPLE_RECORDS = 50
_MOST_FILES = 99_999
# A key ends in a tab, five digits for the file, a colon and twelve digits for the record in the file.
_SUFFIX_LENGTH, _FILE_FROM_END, _FILE_TO_END = 19, 18, 13

# Per file: its name, size, time of change in nanoseconds, inode.
Fingerprint = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class OpenedCsv:
    """One file: its header record (empty when the file is), and its records as they are read."""

    header: str
    entries: Iterator[Entry]


def files_of(path: Path) -> list[Path]:
    """The file itself, or the CSV files of the folder by name. Raises SourceUnavailable when there is none."""
    try:
        if not path.is_dir():
            path.stat()
            return [path]
        files = sorted(file for file in path.iterdir() if _is_csv(file))
    except OSError as error:
        raise unavailable(path, error) from error
    if not files:
        raise SourceUnavailable(f"CSV_PATH: {path.name} holds no CSV file")
    if len(files) > _MOST_FILES:
        raise SourceUnavailable(f"CSV_PATH: {path.name} holds more than {_MOST_FILES} CSV files")
    return files


def fingerprint_of(path: Path) -> Fingerprint:
    """What changes when any of the files does. Raises SourceUnavailable."""
    try:
        return tuple(
            (str(file), seen.st_size, seen.st_mtime_ns, seen.st_ino)
            for file in files_of(path)
            for seen in (file.stat(),)
        )
    except OSError as error:
        raise unavailable(path, error) from error


def open_csv(path: Path, file_number: int) -> OpenedCsv:
    """Read the header; the entries are read as they are asked for. Raises SourceBroken."""
    lines = physical_lines(read_blocks(path))
    first = next(raw_records(lines, DELIMITERS), None)
    if first is None:
        return OpenedCsv("", iter(()))
    header = _checked_header(path, first)
    records = raw_records(lines, layout_of(header).delimiter)
    sample = list(islice(records, _SAMPLE_RECORDS))
    header = name_the_symbols(header, [as_utf8(raw)[0] for raw, damage in sample if damage is None])
    return OpenedCsv(header, _entries(chain(sample, records), layout_of(header), file_number))


def external_id_of(key: str) -> str:
    """The external id in a key, empty when the record has none."""
    return key[:-_SUFFIX_LENGTH]


def file_number_of(key: str) -> int:
    """Which file the record came from."""
    return int(key[-_FILE_FROM_END:-_FILE_TO_END])


def unavailable(path: Path, error: Exception) -> SourceUnavailable:
    """What to tell about a file that cannot be read, or cannot be sorted for want of disk."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return SourceUnavailable(f"CSV_PATH: {path.name} cannot be read: {reason}")


# What reading a plain or zipped file can raise.
READ_ERRORS = (OSError, EOFError, zlib.error)


def _is_csv(file: Path) -> bool:
    return file.name.lower().endswith(SUFFIXES) and not file.name.startswith(".") and file.is_file()


def _checked_header(path: Path, record: Piece) -> str:
    raw, damage = record
    if damage is not None:
        raise SourceBroken(f"{path.name}: the header is damaged: {damage}")
    header = as_utf8(raw)[0]
    layout = layout_of(header)
    if not layout.identifies:
        seen = ", ".join(repr(name[:40]) for name in layout.names[:40])
        raise SourceBroken(f"{path.name}: no id, symbol or name among the columns {seen}")
    return header


def _entries(pieces: Iterable[Piece], layout: Layout, file_number: int) -> Iterator[Entry]:
    file_part = f"\t{file_number:05d}:"
    identify = layout.external_id_in
    for position, (raw, damage) in enumerate(pieces):
        text, payload = as_utf8(raw)
        external_id = identify(text) if damage is None else ""
        yield f"{external_id}{file_part}{position:012d}", payload, damage

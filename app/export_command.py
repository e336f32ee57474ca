"""`kasparro export`: a table of one moment as a file."""

import asyncio
import contextlib
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import click
import orjson

from app.bars import Bars
from app.config import Settings
from app.existing_database import existing_database
from app.exports.text_file import TextFile
from app.exports.text_formats import CSV, NDJSON, Rows, with_global_ids
from app.exports.whole_file import whole_file
from db import exports
from db.engine import Connection
from db.exports import EXPORTS, Chosen, Export

SUCCESS, FAILED, INTERRUPTED = 0, 1, 75
TEXT_FORMATS = {"csv": CSV, "ndjson": NDJSON}
FORMATS = (*TEXT_FORMATS, "parquet")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, how and where to; without a path, to standard output."""

    what: str
    form: str
    path: Path | None
    chosen: Chosen


class Written(Protocol):
    """Where rows go."""

    def write(self, rows: Rows) -> None: ...

    def close(self) -> None: ...


def format_of(path: Path | None, named: str | None) -> str:
    """The format: as named, or else by the file's ending. Raises UsageError."""
    ending = path.suffix.removeprefix(".").lower() if path else ""
    form = named or (ending if ending in FORMATS else "csv")
    if form == "parquet" and path is None:
        raise click.UsageError("Parquet needs a file: add --output FILE.parquet")
    return form


async def export_table(settings: Settings, order: Order, *, as_json: bool) -> int:
    """Write the table and say so on stderr; returns the exit code. Raises DatabaseError."""
    started = time.monotonic()
    try:
        with _stopped_by_signal():
            async with existing_database(settings) as database, database.read() as connection:
                with _written(order) as written:
                    rows = await _copy(connection, order, written)
    except asyncio.CancelledError:
        click.echo("Stopped; nothing was left behind." if order.path else "Stopped.", err=True)
        return INTERRUPTED
    except CannotWrite as problem:
        return _told(problem)
    _report(order, rows, time.monotonic() - started, as_json=as_json)
    return SUCCESS


class CannotWrite(Exception):
    """The file can't be written; the text says why, for the caller."""


@contextlib.contextmanager
def _written(order: Order) -> Iterator[Written]:
    """Where rows go; all trouble with it is CannotWrite, so that nobody takes it for the database's."""
    with _as_trouble(order), contextlib.ExitStack() as stack:
        part = stack.enter_context(whole_file(order.path)) if order.path else None
        yield stack.enter_context(contextlib.closing(_opened(order, EXPORTS[order.what], part)))


@contextlib.contextmanager
def _as_trouble(order: Order) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        place = order.path or "standard output"
        raise CannotWrite(f"{place}: {problem.strerror or problem}; choose another --output") from problem


async def _copy(connection: Connection, order: Order, written: Written) -> int:
    export = EXPORTS[order.what]
    shown = order.path is not None and sys.stderr.isatty()
    total = await exports.count(connection, export, order.chosen) if shown else 0
    rows, names = 0, export.names
    with _bar(order.what, total, shown=shown) as advance:
        async for part in exports.parts(connection, export, order.chosen):
            with _as_trouble(order):
                written.write(with_global_ids(names, part))
            rows += len(part)
            advance(rows)
    return rows


def _opened(order: Order, export: Export, part: Path | None) -> Written:
    if order.form in TEXT_FORMATS:
        return TextFile(part, export.names, TEXT_FORMATS[order.form])
    try:
        parquet_file = importlib.import_module("app.exports.parquet_file")
    except ImportError as missing:
        raise CannotWrite("Parquet needs pyarrow: pip install 'kasparro[parquet]', or use --format csv") from missing
    opened: Written = parquet_file.ParquetFile(part, export.names, export.kinds)
    return opened


def _told(problem: CannotWrite) -> int:
    """Say what is wrong. A reader who has seen enough (`| head`) knows."""
    if isinstance(problem.__cause__, BrokenPipeError):
        # What is still buffered must not be complained about at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    else:
        click.echo(f"Error: {problem}", err=True)
    return FAILED


def _report(order: Order, rows: int, seconds: float, *, as_json: bool) -> None:
    place = str(order.path) if order.path else "-"
    said = {"table": order.what, "format": order.form, "output": place, "rows": rows, "seconds": round(seconds, 3)}
    if as_json:
        click.echo(orjson.dumps(said), err=order.path is None)
    elif order.path or sys.stderr.isatty():
        click.echo(f"{rows:,} rows of {order.what} to {place} in {seconds:.1f} s", err=True)


@contextlib.contextmanager
def _bar(what: str, total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    if not shown:
        yield lambda rows: None
        return
    with Bars(stay=False) as bars:
        yield lambda rows: bars.show(what, rows, total)


@contextlib.contextmanager
def _stopped_by_signal() -> Iterator[None]:
    """SIGTERM ends the export as Ctrl-C does: cleanly."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101  a coroutine that runs is in a task
    with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)

"""`kasparro etl ...`: run sources in this process with progress bars, and show where they stand."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import click
import msgspec
import orjson

from app.bars import Bars
from app.config import Settings
from app.services import open_database, open_runner
from app.source_names import SOURCES
from db import checkpoints, holdings, runs
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.errors import DatabaseUnavailable, Fenced, LeaseHeld
from db.holdings import Holdings
from db.runs import Run
from etl.runner import Progress, Runner

SUCCESS, FAILED, HELD, INTERRUPTED = 0, 1, 3, 75
_STATUS_HEADINGS = ("SOURCE", "SCHEDULE", "ASSETS", "LAST RUN", "RECORDS", "FINISHED", "CHECKPOINT")


async def run_sources(settings: Settings, sources: tuple[str, ...], *, mode: RunMode, as_json: bool) -> int:
    """Run the sources side by side; returns the exit code."""
    wanted = tuple(dict.fromkeys(sources)) or settings.etl_sources
    only = msgspec.structs.replace(settings, etl_sources=wanted)
    with contextlib.ExitStack() as signals:
        with _progress(shown=not as_json and sys.stderr.isatty()) as report:
            async with open_database(settings) as database, open_runner(only, database, report) as runner:
                tasks = [asyncio.create_task(_run_one(runner, source, mode)) for source in wanted]
                # Left last: a second signal must not kill a process that is closing its database.
                signals.enter_context(_stopped_by_signal(tasks))
                codes = await asyncio.gather(*tasks)
                ended = [run for source in wanted if (run := await _latest(database, source))]
        _print_runs(ended, as_json=as_json)
    return max(codes, key=[SUCCESS, HELD, FAILED, INTERRUPTED].index)


async def show_status(settings: Settings, *, as_json: bool) -> int:
    """Print a line for every source."""
    async with open_database(settings) as database, database.read() as connection:
        held = await holdings.by_source(connection)
        rows = [
            {
                "source": source,
                "enabled": source in settings.etl_sources,
                "schedule": settings.schedule(source),
                "assets": held.get(source, Holdings()).asset_count,
                "last_run": asdict(run) if (run := await runs.latest(connection, source)) else None,
                "checkpoint": asdict(stands) if (stands := await checkpoints.get(connection, source)) else None,
            }
            for source in SOURCES
        ]
    if as_json:
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    else:
        _print_status(rows)
    return SUCCESS


async def _run_one(runner: Runner, source: str, mode: RunMode) -> int:
    try:
        run = await runner.run_now(source, mode, RunTrigger.CLI)
    except (LeaseHeld, Fenced) as held:
        click.echo(f"{source}: {held}", err=True)
        return HELD
    except DatabaseUnavailable as problem:
        click.echo(f"{source}: {problem}", err=True)
        return FAILED
    except asyncio.CancelledError:
        return INTERRUPTED
    return SUCCESS if run.status is RunStatus.SUCCESS else FAILED


async def _latest(database: Database, source: str) -> Run | None:
    async with database.read() as connection:
        return await runs.latest(connection, source)


@contextlib.contextmanager
def _stopped_by_signal(tasks: list[asyncio.Task[int]]) -> Iterator[None]:
    """SIGTERM and Ctrl-C, once or again, end the runs as interrupted, each behind its batch.

    Behind the block nothing is left to stop: the exit code says how the runs ended, whatever comes then.
    """
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for task in tasks:
            task.cancel()

    # Not by the loop's own handlers: between taking those away and ignoring the signal, it would kill.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[Progress], None]]:
    if not shown:
        yield lambda progress: None
        return
    with Bars(stay=True) as bars:
        known: set[str] = set()

        def report(progress: Progress) -> None:
            source, total = progress.source, progress.total
            if source not in known and progress.resumed_after is not None:
                bars.say(f"{source}: Resuming from checkpoint, behind {progress.resumed_after}")
            known.add(source)
            if total is None:
                bars.show(source, progress.staged, None, f"{source}, reading")
            else:
                bars.show(source, progress.position, total)

        yield report


def _print_runs(ended: list[Run], *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps([asdict(run) for run in ended], option=orjson.OPT_INDENT_2))
        return
    for run in ended:
        click.echo(
            f"{run.source}: {run.status}, {run.records_processed} records "
            f"({run.inserted} new, {run.updated} changed, {run.unchanged} unchanged, {run.stale} older, "
            f"{run.quarantined} quarantined)" + (f"; {run.error}" if run.error else ""),
            err=True,
        )


def _print_status(rows: list[dict[str, Any]]) -> None:
    lines = [_STATUS_HEADINGS]
    for row in rows:
        run, stands = row["last_run"] or {}, row["checkpoint"] or {}
        finished = run.get("run_finished_at")
        lines.append(
            (
                row["source"],
                (row["schedule"] or "off") if row["enabled"] else "disabled",
                str(row["assets"]),
                str(run.get("status", "never")),
                str(run.get("records_processed", "")),
                f"{finished:%m-%d %H:%M}" if finished else "",
                f"{stands['position']}/{stands['total'] if stands['total'] is not None else '?'}" if stands else "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for row in rows:
        if row["last_run"] and row["last_run"]["error"]:
            click.echo(f"{row['source']}: {row['last_run']['error']}")

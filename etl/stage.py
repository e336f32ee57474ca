"""Freezing a window: every page is kept as it arrives, before any record of it is loaded.

Pages that are staged are not asked for again. What a window holds can then no longer change, however long it
takes to load and whoever finishes it.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from db import checkpoints, clock, drift, leases, runs, windows
from db.checkpoints import Checkpoint
from db.drift import Change
from db.engine import Database
from db.enums import RunMode
from db.runs import Run
from db.text import escaped
from db.uninterrupted import uninterrupted
from db.windows import NewPage, Window
from etl.ahead import together
from etl.drift import Survey, compare
from etl.errors import RunCancelled, SourceBroken
from etl.survey import Chunks, let_go, survey
from etl.types import Page, Source

# Less than this share of the last window's records means that the upstream is unwell.
SHRUNK = 0.5
# Pages committed together, where they come faster than that.
MOST_PAGES = 16
# Pages of more bytes wait for each other: some sources decide themselves how much a page holds.
LARGE_PAGE_BYTES = 512 * 1024
_log = structlog.get_logger()


class Staged(NamedTuple):
    """A window ready to be loaded: the checkpoint, which knows the total now, and all records unless they are many."""

    checkpoint: Checkpoint
    kept: Chunks | None


async def stage(database: Database, source: Source, run: Run, window: Window, report: Callable[[int], None]) -> Staged:
    """Complete the window's staging.

    `report` is told how many records are staged, page by page.

    Raises SourceUnavailable, SourceBroken, Fenced or RunCancelled.
    """
    staged = await _staged(database, source, run, window)
    number, read = len(staged), sum(staged)
    report(read)
    async with contextlib.aclosing(together(source.pages(staged), MOST_PAGES, _is_large)) as groups:
        async for pages in groups:
            await uninterrupted(_add(database, run, window, number, pages))
            number, read = number + len(pages), read + sum(page.records for page in pages)
            _log.info("etl.page_staged", page=number, records=read)
            report(read)
    async with database.read() as connection:
        read_at = await clock.read(connection)
    fields, spoiled, kept = await survey(source, staged_pages(database, window), read_at, read)
    try:
        if fields.records == 0 and window.mode is not RunMode.REPLAY:
            raise SourceBroken(f"{source.name} answered with an empty list; that is not taken for 'all coins vanished'")
        if spoiled is None and not source.restages and window.mode is RunMode.INCREMENTAL:
            spoiled = await _shrunk(database, run, fields.records)
        return Staged(await uninterrupted(_plan(database, run, window, fields, spoiled, read_at)), kept)
    except BaseException:
        await let_go(kept)
        raise


async def staged_pages(database: Database, window: Window, behind: str | None = None) -> AsyncIterator[Page]:
    """The window's staged pages that may hold records behind a key, one at a time."""
    async with database.read() as connection:
        numbers = await windows.page_numbers(connection, window.id, behind)
    for number in numbers:
        async with database.read() as connection:
            row = await windows.page(connection, window.id, number)
        yield Page(row.body, row.records, row.fetched_at, row.origin, row.last_key)


async def _staged(database: Database, source: Source, run: Run, window: Window) -> list[int]:
    if not source.restages:
        async with database.read() as connection:
            return await windows.staged(connection, window.id)
    await uninterrupted(_clear(database, run, window))
    return []


async def _clear(database: Database, run: Run, window: Window) -> None:
    async with database.write() as connection:
        await leases.hold(connection, run.source, run.epoch or 0)
        await windows.clear_pages(connection, window.id)


def _is_large(page: Page) -> bool:
    return len(page.body) > LARGE_PAGE_BYTES


async def _add(database: Database, run: Run, window: Window, number: int, pages: Sequence[Page]) -> None:
    """Keep pages that came together. Alone each would cost a transaction, and the disk's time."""
    async with database.write() as connection:
        await leases.hold(connection, run.source, run.epoch or 0)
        if await runs.staged(connection, run.id, number + 1, [page.records for page in pages]):
            raise RunCancelled("cancelled by a user")
        new = (NewPage(page.body, page.records, page.last_key, escaped(page.origin), page.fetched_at) for page in pages)
        await windows.add_pages(connection, window.id, number, new)


async def _shrunk(database: Database, run: Run, records: int) -> str | None:
    """A list that lost most of its records since the last window is an outage rather than news."""
    async with database.read() as connection:
        before = await windows.last_planned(connection, run.source)
    if before is None or records >= SHRUNK * before:
        return None
    return f"only {records} records where there were {before}; if that is right, run the source once with --full"


async def _plan(
    database: Database, run: Run, window: Window, fields: Survey, spoiled: str | None, read_at: datetime
) -> Checkpoint:
    """Declare staging complete and note how the source's fields changed. Raises SourceBroken for a spoiled window."""
    async with database.write() as connection:
        at = await leases.hold(connection, run.source, run.epoch or 0)
        changes: list[Change] = []
        if window.mode is not RunMode.REPLAY:
            changes, now_known = compare(await drift.known(connection, run.source), fields)
            await drift.record(connection, run.source, changes, now_known, run_id=run.id, at=at)
        await runs.plan(connection, run.id, fields.records)
        checkpoint = None
        if spoiled is None:
            await windows.plan(connection, window.id, fields.records, read_at)
            checkpoint = await checkpoints.plan(connection, run.source, fields.records)
    for change in changes:
        _log.warning("etl.drift", path=change.path, kind=change.kind, before=change.before, after=change.after)
    if checkpoint is None:
        raise SourceBroken(spoiled or "")
    return checkpoint

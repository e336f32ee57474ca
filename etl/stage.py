"""Freezing a window: every page is kept as it arrives, before any record of it is loaded.

Pages that are staged are not asked for again. What a window holds can then no longer change, however long it
takes to load and whoever finishes it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime

import structlog

from db import checkpoints, drift, leases, runs, windows
from db.checkpoints import Checkpoint
from db.engine import Database
from db.runs import Run
from db.uninterrupted import uninterrupted
from db.windows import Window
from etl.drift import Survey, compare
from etl.errors import RunCancelled, SourceBroken
from etl.types import Page, RawRecord, Shape, Source

_log = structlog.get_logger()


async def stage(database: Database, source: Source, run: Run, window: Window) -> Checkpoint:
    """Complete the window's staging; returns the checkpoint, which now knows the total.

    Raises SourceUnavailable, SourceBroken, Fenced or RunCancelled.
    """
    staged = await _staged(database, source, run, window)
    number = len(staged)
    async for page in source.pages(staged):
        await uninterrupted(_add(database, run, window, number, page))
        _log.info("etl.page_staged", page=number + 1, records=page.records)
        number += 1
    survey = await _survey(source, staged_pages(database, window))
    if survey.records == 0:
        raise SourceBroken(f"{source.name} answered with an empty list; that is not taken for 'all coins vanished'")
    return await uninterrupted(_plan(database, run, window, survey))


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
    async with database.write() as connection:
        await leases.hold(connection, run.source, run.epoch or 0)
        await windows.clear_pages(connection, window.id)
    return []


async def _add(database: Database, run: Run, window: Window, number: int, page: Page) -> datetime:
    async with database.write() as connection:
        moment = await leases.hold(connection, run.source, run.epoch or 0)
        if await runs.cancel_requested(connection, run.id):
            raise RunCancelled("cancelled by a user")
        await windows.add_page(
            connection,
            window.id,
            number,
            body=page.body,
            records=page.records,
            last_key=page.last_key,
            origin=page.origin,
            fetched_at=page.fetched_at,
        )
    return moment


async def _survey(source: Source, pages: AsyncIterator[Page]) -> Survey:
    """Read the window once: how many records it holds, and which fields they have."""
    records = 0
    shapes: Counter[Shape] = Counter()
    async for chunk in source.records(pages):
        records += len(chunk)
        shapes.update(await asyncio.to_thread(_shapes, source, chunk))
    return Survey(records, shapes)


def _shapes(source: Source, chunk: list[RawRecord]) -> list[Shape]:
    return [source.shape(record) for record in chunk]


async def _plan(database: Database, run: Run, window: Window, survey: Survey) -> Checkpoint:
    """Declare staging complete, and note how the source's fields changed; both or neither."""
    async with database.write() as connection:
        at = await leases.hold(connection, run.source, run.epoch or 0)
        changes, now_known = compare(await drift.known(connection, run.source), survey)
        await drift.record(connection, run.source, changes, now_known, run_id=run.id, at=at)
        await windows.plan(connection, window.id, survey.records)
        await runs.plan(connection, run.id, survey.records)
        checkpoint = await checkpoints.plan(connection, run.source, survey.records)
    for change in changes:
        _log.warning("etl.drift", path=change.path, kind=change.kind, before=change.before, after=change.after)
    return checkpoint

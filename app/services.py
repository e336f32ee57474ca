"""What the process holds, opened in order and closed in reverse. Read this to know what runs.

database -> run feed -> HTTP client -> sources -> runner -> dispatcher -> scheduler
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from app.config import Settings
from app.housekeeping import keep_house
from app.operations import Operations
from app.run_feed import RunFeed
from app.scheduler import Record, Scheduler
from app.schedules import missed_slot
from app.source_names import SOURCES
from app.sources import build_sources
from db import migrate, runs
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.history_retention import Keeping
from etl.dispatcher import Dispatcher
from etl.runner import Progress, Runner


@dataclass(frozen=True, slots=True)
class Services:
    """What a request needs: settings, the database and the running process."""

    settings: Settings
    database: Database
    operations: Operations
    feed: RunFeed


@contextlib.asynccontextmanager
async def open_database(settings: Settings, *, migrating: bool = False) -> AsyncIterator[Database]:
    """Open the database. An SQLite file is migrated at once; PostgreSQL must be at the right revision.

    Raises SchemaBehind or DatabaseUnavailable.
    """
    database = Database(settings.database_url)
    try:
        if database.is_sqlite or migrating:
            await migrate.upgrade(database)
        else:
            await migrate.require_head(database)
        yield database
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def open_runner(
    settings: Settings,
    database: Database,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Runner]:
    """The sources and what runs them. `transport` takes the place of the network."""
    limits = httpx.Limits(max_connections=10, max_keepalive_connections=5)
    async with httpx.AsyncClient(limits=limits, headers={"Accept-Encoding": "gzip"}, transport=transport) as client:
        yield Runner(
            database,
            build_sources(settings, database, client),
            batch_size=settings.etl_batch_size,
            fail_after=settings.etl_fail_after_n_records,
            contracts_every_days=settings.contracts_every_days,
            on_progress=on_progress,
        )


@contextlib.asynccontextmanager
async def open_services(
    settings: Settings, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Services]:
    """Everything the server holds; ingestion starts inside and ends cleanly with the block.

    `transport` takes the place of the network, towards the upstreams.
    """
    async with contextlib.AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings))
        feed = await stack.enter_async_context(contextlib.aclosing(RunFeed(database)))
        runner = await stack.enter_async_context(open_runner(settings, database, transport=transport))
        dispatcher = Dispatcher(runner)
        dispatching = asyncio.create_task(dispatcher.serve(), name="dispatcher")
        stack.push_async_callback(dispatcher.stop)
        stack.push_async_callback(_cancel, dispatching)
        pruning = keep_house(database, SOURCES, settings.raw_retention_days, keeping_of(settings))
        stack.push_async_callback(_cancel, asyncio.create_task(pruning, name="housekeeping"))
        scheduler = Scheduler(_schedules(settings), _recorder(dispatcher))
        scheduler.start()
        stack.callback(scheduler.stop)
        await _catch_up(settings, database, dispatcher)
        yield Services(
            settings,
            database,
            Operations(settings, database, scheduler, dispatcher.wake, lambda: not dispatching.done()),
            feed,
        )


def keeping_of(settings: Settings) -> Keeping:
    """How long history is kept."""
    return Keeping(
        settings.history_hourly_after_days, settings.history_daily_after_days, settings.history_retention_days
    )


def _schedules(settings: Settings) -> dict[str, str]:
    found = {name: settings.schedule(name) for name in settings.etl_sources}
    return {name: schedule for name, schedule in found.items() if schedule is not None}


def _recorder(dispatcher: Dispatcher) -> Record:
    async def record(source: str, slot: datetime) -> None:
        await dispatcher.request(source, RunMode.INCREMENTAL, RunTrigger.SCHEDULE, slot=slot)

    return record


async def _catch_up(settings: Settings, database: Database, dispatcher: Dispatcher) -> None:
    """Ask for what is due at start: every source, or only those whose slot passed while nobody was up."""
    for source in settings.etl_sources:
        async with database.read() as connection:
            previous = await runs.latest(connection, source)
        # What a stopping process interrupted is taken up again, whatever the settings say about start-up.
        unfinished = previous is not None and previous.status is RunStatus.INTERRUPTED
        if settings.etl_run_on_startup or unfinished:
            await dispatcher.request(source, RunMode.INCREMENTAL, RunTrigger.STARTUP)
        elif (schedule := settings.schedule(source)) is not None:
            async with database.read() as connection:
                last = await runs.last_slot(connection, source)
            slot = missed_slot(schedule, last, datetime.now(UTC))
            if slot is not None:
                await dispatcher.request(source, RunMode.INCREMENTAL, RunTrigger.SCHEDULE, slot=slot)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])

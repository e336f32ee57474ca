"""A clock that jumps: the database's, in every statement that asks it, and the process's, wherever ingestion does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event, text

from db.engine import Database
from etl import http, stage
from tests.faults.world import World


class Clock:
    """Both clocks, ahead of the real ones by `shift`."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def sqlite_strftime(self, _format: str, _now: str, seconds: str) -> str:
        """`strftime` as db.clock calls it, the only form that we use."""
        moment = self.now() + timedelta(seconds=int(seconds.split(maxsplit=1)[0]))
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}000Z"


@asynccontextmanager
async def shifted(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clock]:
    """Let the world's database, in connections of its own, and this process go by the clock that is given."""
    clock = Clock()

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return clock.now().astimezone(tz)

    with monkeypatch.context() as patched:
        for module in (http, stage):
            patched.setattr(module, "datetime", Shifted)
        database = world.opened_again()
        by_clock = _on_sqlite(database, clock) if database.is_sqlite else _on_postgresql(database, clock)
        async with by_clock, world.on(database):
            yield clock


@asynccontextmanager
async def _on_sqlite(database: Database, clock: Clock) -> AsyncIterator[None]:
    """Functions of a connection's own hide SQLite's."""

    def connected(connection: Any, _: Any) -> None:
        connection.create_function("strftime", 3, clock.sqlite_strftime)

    for engine in (database._reader, database._writer):
        event.listen(engine.sync_engine, "connect", connected)
    yield


@asynccontextmanager
async def _on_postgresql(database: Database, clock: Clock) -> AsyncIterator[None]:
    """Functions of a schema that stands before pg_catalog hide PostgreSQL's."""

    def begun(connection: Any) -> None:
        shift = text("SELECT set_config('kasparro.shift', :shift, true)")
        connection.execute(shift, {"shift": f"{clock.shift.total_seconds()} seconds"})

    admin = await asyncpg.connect(database.url.set(drivername="postgresql").render_as_string(False))
    name = database.url.database
    await admin.execute(
        "CREATE SCHEMA shifted; CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        "$$ SELECT pg_catalog.clock_timestamp() + current_setting('kasparro.shift')::interval $$;"
        f"ALTER DATABASE {name} SET search_path = shifted, public, pg_catalog"
    )
    event.listen(database._writer.sync_engine, "begin", begun)
    try:
        yield
    finally:
        await admin.execute(f"ALTER DATABASE {name} RESET search_path; DROP SCHEMA shifted CASCADE")
        await admin.close()

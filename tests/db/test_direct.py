"""Reading straight through the driver: what is given up, and for how long."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.engine import make_url

from db import postgresql, sqlite
from db.asking import Asking
from db.direct import NotDirect
from db.engine import Database
from db.filters import BadFilter
from db.sqlite import SqliteReader
from db.tables import call_months

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n LIMIT 1"


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[SqliteReader]:
    found = SqliteReader(make_url(f"sqlite:///{tmp_path / 'some.sqlite3'}"))
    yield found
    await found.close()


async def test_what_takes_long_is_not_begun_again_at_once(reader: SqliteReader) -> None:
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await reader.fetch(LONG, ())
    with pytest.raises(NotDirect):
        await reader.fetch(LONG, ())


async def test_what_met_a_lock_is_read_when_the_lock_is_gone(reader: SqliteReader, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "some.sqlite3", isolation_level=None)) as other:
        other.execute("CREATE TABLE things (id INTEGER)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await reader.fetch("SELECT count(*) FROM things", ())
        other.execute("ROLLBACK")
    assert await reader.fetch("SELECT count(*) FROM things", ()) == [(0,)]


async def test_several_statements_of_one_moment_see_nothing_that_is_written_between(database: Database) -> None:
    async with database.direct.snapshot() as asks:
        assert await _sources(asks) == []
        async with database.write() as connection:
            await connection.execute(insert(call_months).values(source="csv", month="2026-01", calls=1))
        assert await _sources(asks) == []
    async with database.direct.snapshot() as asks:
        assert await _sources(asks) == ["csv"]


async def test_a_moment_that_ends_badly_leaves_room_for_others(database: Database) -> None:
    for _ in range(12):
        with contextlib.suppress(BadFilter):
            async with database.direct.snapshot() as asks:
                await _sources(asks)
                raise BadFilter("no")
        with pytest.raises(NotDirect):
            async with database.direct.snapshot() as asks:
                await asks.rows("wrong", lambda: text("SELECT nonsense"), {})
    async with database.direct.snapshot() as asks:
        assert await _sources(asks) == []


@only_postgresql
async def test_a_connection_that_breaks_at_the_end_of_a_moment_takes_nothing_back(database: Database) -> None:
    async with database.direct.snapshot() as asks:
        found = await _sources(asks)
        async with database.write() as connection:
            await connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"
                     " AND datname = current_database() AND pid <> pg_backend_pid()")
            )  # fmt: skip
    async with database.direct.snapshot() as asks:
        assert found == await _sources(asks) == []


async def test_statements_of_a_moment_may_not_take_long_together(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LONG_SECONDS", 60)
    short = LONG.replace("FROM n)", "FROM n WHERE i < 2000)")

    async def again_and_again() -> None:
        async with reader.snapshot() as fetch:
            for _ in range(100):
                assert await fetch(short, ()) == [(2000,)]

    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await again_and_again()
    # It is not the one to blame.
    assert await reader.fetch(short, ()) == [(2000,)]


async def test_what_took_long_in_a_single_step_is_told_by_its_time(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LONG_SECONDS", 0)
    async with reader.snapshot() as fetch:
        with pytest.raises(NotDirect):
            await fetch("SELECT 1", ())
    monkeypatch.setattr(sqlite, "LONG_SECONDS", 60)
    async with reader.snapshot() as fetch:
        monkeypatch.setattr(sqlite, "LONG_SECONDS", 0)
        assert await fetch("SELECT 2", ()) == [(2,)]
        assert await fetch("SELECT 3", ()) == [(3,)]
    for again in ("SELECT 2", "SELECT 3"):
        with pytest.raises(NotDirect):
            await reader.fetch(again, ())


async def test_of_moments_there_is_one_at_a_time(reader: SqliteReader) -> None:
    async with reader.snapshot():
        with pytest.raises(NotDirect):
            async with reader.snapshot():
                pass
    async with reader.snapshot() as fetch:
        assert await fetch("SELECT 1", ()) == [(1,)]


@only_postgresql
async def test_moments_leave_room_for_single_statements(database: Database) -> None:
    async with AsyncExitStack() as held:
        for _ in range(postgresql.SNAPSHOTS):
            await held.enter_async_context(database.direct.snapshot())
        with pytest.raises(NotDirect):
            await held.enter_async_context(database.direct.snapshot())
        assert await _sources(database.direct) == []
    async with database.direct.snapshot() as asks:
        assert await _sources(asks) == []


@only_postgresql
async def test_a_question_that_is_refused_costs_no_connection(database: Database) -> None:
    found = list[Any]()
    for _ in range(3):
        with contextlib.suppress(BadFilter):
            async with database.direct.snapshot() as asks:
                found += await asks.rows("backend", lambda: text("SELECT pg_backend_pid()"), {})
                raise BadFilter("no")
    assert len({row[0] for row in found}) == 1


async def _sources(asks: Asking) -> list[str]:
    return [row[0] for row in await asks.rows("sources", lambda: select(call_months.c.source), {})]

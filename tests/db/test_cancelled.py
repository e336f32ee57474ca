"""Whoever is cancelled, wherever he is, takes nothing along that others need: no connection, no lock, no turn."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import event, text

from db import engine as engine_module
from db import sqlite
from db.engine import Connection, Database

INSERT = text("INSERT INTO etl_call_months (source, month, calls) VALUES (:source, '2026-01', 1) RETURNING source")
STORED = text("SELECT source FROM etl_call_months ORDER BY source")


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases have one connection for readers, one for writers; waiting for it takes 5 s at most."""
    for name in ("SQLITE_MOST_READERS", "POSTGRESQL_MOST_CONNECTIONS"):
        monkeypatch.setattr(engine_module, name, 1)
    monkeypatch.setattr(engine_module, "POOL_TIMEOUT_SECONDS", 5)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


def in_a_statement(engine: Any, beginning: str, do: Callable[[], object]) -> None:
    """Do it once, while a statement that begins like this is carried out."""

    left = [do]

    def noted(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(beginning) and left:
            left.pop()()

    event.listen(engine.sync_engine, "before_cursor_execute", noted)


async def written(database: Database, source: str) -> list[str]:
    async with database.write() as connection:
        await connection.execute(INSERT, {"source": source})
        return list((await connection.execute(STORED)).scalars())


async def stored(connection: Connection) -> list[str]:
    return list((await connection.execute(STORED)).scalars())


async def ended(task: "asyncio.Task[Any]") -> asyncio.CancelledError:
    """How the task was cancelled, with all that its traceback holds."""
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    return caught.value


async def test_a_write_that_is_cancelled_in_a_statement_leaves_nothing_and_no_lock(database: Database) -> None:
    await written(database, "before")
    cancelled = asyncio.create_task(written(database, "cancelled"))
    in_a_statement(database._writer, "INSERT", cancelled.cancel)
    kept = await ended(cancelled)  # a logger may keep it, too, or a cycle, until garbage is collected
    assert await written(database, "behind") == ["before", "behind"]
    del kept


@pytest.mark.usefixtures("one_at_a_time")
async def test_who_waits_goes_on_when_the_one_before_is_cancelled(database_url: str) -> None:
    """Also when there was no connection yet: then there is room for one, which nobody has given back."""
    async with opened(database_url) as database:
        asked = [asyncio.create_task(_read(database, stored)) for _ in range(4)]
        event.listen(database._reader.sync_engine, "connect", lambda *_: asked[0].cancel(), insert=True)
        await ended(asked[0])
        assert await asyncio.gather(*asked[1:]) == [await _read(database, stored)] * 3


@pytest.mark.usefixtures("one_at_a_time")
async def test_who_is_cancelled_in_line_is_no_longer_waited_for(database_url: str) -> None:
    async with opened(database_url) as database:
        async with database.read():
            in_line = [asyncio.create_task(_read(database, stored)) for _ in range(3)]
            await asyncio.sleep(0.01)
            in_line[0].cancel()
            in_line[1].cancel()
        assert await in_line[2] == await _read(database, stored)


async def test_a_connection_that_is_on_its_way_back_is_closed_with_the_others(database_url: str) -> None:
    async with opened(database_url) as database:
        pool: Any = database._reader.pool
        cancelled = asyncio.create_task(_read(database, stored))
        event.listen(database._reader.sync_engine, "rollback", lambda _: cancelled.cancel())
        await ended(cancelled)
    await asyncio.sleep(0.05)
    assert pool.checkedin() == 0  # what comes back later stays there, open


async def test_nothing_is_at_work_for_a_database_that_is_closed(database_url: str) -> None:
    """A thread that came back behind the end of its event loop would fail, and say so to the terminal."""
    slow = text(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000000) SELECT max(n) FROM n"
    )
    before = set(threading.enumerate())

    async def waits(connection: Connection) -> list[str]:
        return list((await connection.execute(slow)).scalars())

    async with opened(database_url) as database:
        cancelled = asyncio.create_task(_read(database, waits))
        in_a_statement(database._reader, "WITH", lambda: asyncio.get_running_loop().call_later(0.01, cancelled.cancel))
        await ended(cancelled)
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if "connection" in name}, left


async def test_who_follows_writes_is_told_of_one_whose_writer_is_cancelled_behind_it(database: Database) -> None:
    told: list[str] = []
    database.after_write.add(lambda: told.append("written"))
    cancelled = asyncio.create_task(written(database, "committed"))
    event.listen(database._writer.sync_engine, "checkin", lambda *_: cancelled.cancel(), once=True)
    await ended(cancelled)
    assert told == ["written"]
    assert await _read(database, stored) == ["committed"]


def test_a_file_that_is_no_database_is_not_left_open(tmp_path: Path) -> None:
    file = tmp_path / "no.sqlite3"
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        sqlite3.connect(file, factory=sqlite.Connection)
    assert str(file) not in {opened.path for opened in psutil.Process().open_files()}
    del caught


async def _read(database: Database, question: Callable[[Connection], Awaitable[list[str]]]) -> list[str]:
    async with database.read() as connection:
        return await question(connection)

"""Opening a database and its two kinds of transactions.

`Database.read()` is a snapshot that never waits for the writer; `Database.write()` commits at the end of
the block or leaves nothing. On SQLite a write starts with BEGIN IMMEDIATE: the driver's default (BEGIN at
the first write) loses updates or fails with "database is locked" once two processes read and then write.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine import Connection as SyncConnection
from sqlalchemy.exc import ArgumentError

from db import errors, sqlite
from db.aio import AsyncConnection, AsyncEngine, create_async_engine
from db.data_version import DataVersion
from db.direct import Direct, Reader

# Short, because a statement that waits for SQLite's lock can't be interrupted; callers try again.
BUSY_TIMEOUT_SECONDS = 3
# How long a transaction waits for a connection of this process; on SQLite, for its turn to write.
POOL_TIMEOUT_SECONDS = 30
CACHE_KIB = 16 * 1024
POSTGRESQL_DRIVER = "postgresql+asyncpg"
SQLITE_DRIVER = "sqlite+aiosqlite"
_CONNECT_ARGS = {"timeout": 10, "server_settings": {"timezone": "UTC", "application_name": "kasparro"}}

Connection = AsyncConnection


class Database:
    """An open database of either kind. Close it with `close()`.

    What is in `after_write` is called after each transaction of this process that was committed.
    """

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.after_write: set[Callable[[], None]] = set()
        self._reader, self._writer = _sqlite_engines(self.url) if self.is_sqlite else _postgresql_engines(self.url)
        dialect = self._reader.dialect
        if self.is_sqlite:
            self._translated = errors.translated
            reader: Reader = sqlite.SqliteReader(self.url)
        else:
            from db import postgresql  # and with it the driver, only where there is a PostgreSQL

            self._translated = postgresql.translated
            reader = postgresql.PostgresqlReader(self.url, dialect, _CONNECT_ARGS)
        self.direct = Direct(dialect, reader)
        self.data_version = DataVersion(self.direct)

    @property
    def kind(self) -> str:
        return self.url.get_backend_name()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent snapshot; whatever is written in it is rolled back."""
        with self._translated():
            async with self._reader.connect() as connection:
                if not self.is_sqlite:
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self._translated():
            async with self._writer.begin() as connection:
                yield connection
        for call in self.after_write:
            call()

    async def close(self) -> None:
        await self.direct.close()
        await self._reader.dispose()
        if self._writer is not self._reader:
            await self._writer.dispose()


def parse_url(url: str) -> URL:
    """Accept postgres://, postgresql:// and driver-qualified forms, and SQLite paths. Raises ValueError."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ValueError("not a database URL; write sqlite:///file.sqlite3 or postgresql://user@host/name") from error
    backend = parsed.drivername.partition("+")[0]
    if backend in {"postgres", "postgresql"}:
        return parsed.set(drivername=POSTGRESQL_DRIVER)
    if backend != "sqlite":
        raise ValueError(f"unknown kind of database {backend!r}; sqlite and postgresql are known")
    if parsed.database in {None, "", ":memory:"} or "mode=memory" in str(parsed):
        raise ValueError("an SQLite database must be a file: its data has to outlive the process")
    return parsed.set(drivername=SQLITE_DRIVER)


def _sqlite_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    reader = create_async_engine(url, pool_size=5, max_overflow=5, pool_timeout=POOL_TIMEOUT_SECONDS)
    # One writer connection: writers of this process queue in order instead of racing for SQLite's lock.
    writer = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=POOL_TIMEOUT_SECONDS)
    for engine, begin in ((reader, "BEGIN"), (writer, "BEGIN IMMEDIATE")):
        event.listen(engine.sync_engine, "connect", _configure_sqlite)
        event.listen(engine.sync_engine, "begin", _beginner(begin))
    return reader, writer


def _postgresql_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    engine = create_async_engine(
        url,
        pool_size=10,
        max_overflow=5,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=True,
        connect_args=_CONNECT_ARGS,
    )
    return engine, engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # We begin transactions ourselves (see `_beginner`), so the driver must not.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"cache_size = -{CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _beginner(statement: str) -> Any:
    def begin(connection: SyncConnection) -> None:
        connection.exec_driver_sql(statement)

    return begin

"""Opening a database and its two kinds of transactions.

`Database.read()` is a snapshot that never waits for the writer; `Database.write()` commits at the end of
the block or leaves nothing. On SQLite a write starts with BEGIN IMMEDIATE: the driver's default (BEGIN at
the first write) loses updates or fails with "database is locked" once two processes read and then write.
"""

import asyncio
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
from db.errors import DatabaseUnavailable

# How long a transaction waits for a connection of this process; on SQLite, for its turn to write.
POOL_TIMEOUT_SECONDS = 30
# So many connections are kept open, and so many may be in use.
SQLITE_READERS, SQLITE_MOST_READERS = 5, 10
POSTGRESQL_CONNECTIONS, POSTGRESQL_MOST_CONNECTIONS = 10, 15
# How SQLAlchemy's pool is told not to let anybody wait: see `_Connections`.
_UNLIMITED = -1
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
        self._connector = sqlite.Connector()
        self._reader, self._writer = (
            _sqlite_engines(self.url, self._connector) if self.is_sqlite else _postgresql_engines(self.url)
        )
        dialect = self._reader.dialect
        if self.is_sqlite:
            self._translated = errors.translated
            self._to_read = _Connections(self._reader, SQLITE_MOST_READERS)
            self._to_write = _Connections(self._writer, 1)
            reader: Reader = sqlite.SqliteReader(self.url)
        else:
            from db import postgresql  # and with it the driver, only where there is a PostgreSQL

            self._translated = postgresql.translated
            self._to_read = self._to_write = _Connections(self._reader, POSTGRESQL_MOST_CONNECTIONS)
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
            async with self._to_read.one() as connection:
                if not self.is_sqlite:
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        committed = False
        try:
            with self._translated():
                async with self._to_write.one() as connection:
                    async with connection.begin():
                        yield connection
                    committed = True
        finally:
            # Also when whoever wrote is cancelled while the connection is given back.
            for call in self.after_write if committed else ():
                call()

    async def close(self) -> None:
        await self.direct.close()
        await self._reader.dispose()
        if self._writer is not self._reader:
            await self._writer.dispose()
        await self._connector.wait()


class _Connections:
    """The connections of an engine: so many in use at a time, first come first served.

    Who has to wait does so here. When a connection can't be opened for somebody, or he is cancelled meanwhile,
    SQLAlchemy does not tell those who wait in its own queue that there is room: they would wait until time is up.
    """

    def __init__(self, engine: AsyncEngine, most: int) -> None:
        self._engine = engine
        self._free = asyncio.Semaphore(most)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[AsyncConnection]:
        """One of them, for the block. Raises DatabaseUnavailable when none became free in time."""
        await self._wait()
        try:
            # Given back to the end, however often its user is cancelled: SQLAlchemy sees to that.
            async with self._engine.connect() as connection:
                yield connection
        finally:
            self._free.release()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POOL_TIMEOUT_SECONDS if self._free.locked() else None):
                await self._free.acquire()
        except TimeoutError:
            waited = f"database unavailable: no connection became free in {POOL_TIMEOUT_SECONDS} s"
            raise DatabaseUnavailable(waited) from None


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


def _sqlite_engines(url: URL, connector: sqlite.Connector) -> tuple[AsyncEngine, AsyncEngine]:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    shared: dict[str, Any] = {"max_overflow": _UNLIMITED, "connect_args": {"factory": connector}}
    reader = create_async_engine(url, pool_size=SQLITE_READERS, **shared)
    # One writer connection: writers of this process queue in order instead of racing for SQLite's lock.
    writer = create_async_engine(url, pool_size=1, **shared)
    for engine, begin in ((reader, "BEGIN"), (writer, "BEGIN IMMEDIATE")):
        event.listen(engine.sync_engine, "begin", _beginner(begin))
    return reader, writer


def _postgresql_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    engine = create_async_engine(
        url,
        pool_size=POSTGRESQL_CONNECTIONS,
        max_overflow=_UNLIMITED,
        pool_pre_ping=True,
        connect_args=_CONNECT_ARGS,
    )
    return engine, engine


def _beginner(statement: str) -> Any:
    def begin(connection: SyncConnection) -> None:
        connection.exec_driver_sql(statement)

    return begin

"""Reading without ceremony: one prepared statement, its own snapshot, straight through the driver.

SQLAlchemy's connections cost several times what a small statement costs: a transaction is opened and rolled back around
it, rows are wrapped. Here a statement goes out alone. Whatever does not go smoothly (a connection that broke, a lock, a
statement that takes long) is left to `Database.read`, which knows what to do about it.
"""

import asyncio
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.engine import URL, Dialect

from db.prepared import Prepared, compiled

CONNECTIONS = 8
# A connection whose statement was given up gets so long to tell the server, and the server to stop.
ENDING_SECONDS = 2.0
STATEMENTS_KEPT = 1000
# About 2 ms of SQLite's work. It is done on the event loop, where a thread would cost more than most statements.
STEPS, MOST_LOOKS = 10_000, 5
REMEMBERED_SECONDS = 60.0
# What a URL can say to SQLAlchemy, but not to the driver.
_OF_SQLALCHEMY = {
    "async_fallback", "async_creator_fn", "prepared_statement_cache_size", "prepared_statement_name_func",
}  # fmt: skip

Rows = Sequence[Sequence[Any]]


class NotDirect(Exception):
    """This has to be read in the usual way."""


class Reader(Protocol):
    """One database's way to carry out a statement. Raises NotDirect, or the driver's errors."""

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Rows: ...

    async def close(self) -> None: ...


class Direct:
    """The statements of one database, the last ones of which are kept, and what carries them out."""

    def __init__(self, dialect: Dialect, reader: Reader) -> None:
        self.kind = dialect.name
        self.close = reader.close
        self._dialect = dialect
        self._reader = reader
        self._kept: OrderedDict[Hashable, Prepared] = OrderedDict()

    def statement(self, shape: Hashable, build: Callable[[], Executable]) -> Prepared:
        """The statement of this shape, built where it is not known yet."""
        found = self._kept.get(shape)
        if found is None:
            found = self._kept[shape] = compiled(build(), self._dialect)
            if len(self._kept) > STATEMENTS_KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(shape)
        return found

    async def fetch(self, statement: Prepared, values: Mapping[str, Any]) -> Rows:
        """The rows, with values as the driver gives them: SQLite's times are text (see `clock`). Raises NotDirect."""
        try:
            return await self._reader.fetch(statement.text, statement.arguments(values))
        except Exception as error:
            # The usual way finds out what is wrong, in the words that everybody knows.
            raise NotDirect from error


class PostgresqlReader:
    """A few connections of the driver's own, first come first served."""

    def __init__(self, url: URL, dialect: Dialect, connect_args: dict[str, Any]) -> None:
        _, options = dialect.create_connect_args(url)
        settings = {**connect_args["server_settings"], "default_transaction_read_only": "on"}
        mine = {name: value for name, value in options.items() if name not in _OF_SQLALCHEMY}
        self._connect = partial(asyncpg.connect, **mine, **{**connect_args, "server_settings": settings})
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[asyncpg.Connection] = []
        self._ending: set[asyncio.Task[None]] = set()

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Rows:
        await self._places.acquire()
        try:
            connection = self._idle.pop() if self._idle else await self._connect()
        except BaseException:
            self._places.release()
            raise
        try:
            rows: Rows = await connection.fetch(text, *arguments)
        except BaseException:
            # Nobody knows what state it is in.
            ending = asyncio.create_task(self._end(connection), name="ending of a statement")
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            raise
        self._idle.append(connection)
        self._places.release()
        return rows

    async def _end(self, connection: asyncpg.Connection) -> None:
        """Close a connection; its place is taken until then, because the server may still be at work for it.

        Only cut off, the server would not notice before its statement is through.
        """
        try:
            async with asyncio.timeout(ENDING_SECONDS):
                await connection.close()
        except Exception:
            connection.terminate()
        finally:
            self._places.release()

    async def close(self) -> None:
        await asyncio.gather(*self._ending)
        while self._idle:
            await self._idle.pop().close()


class SqliteReader:
    """A connection that only reads, waits for nobody, and gives up what takes long."""

    def __init__(self, url: URL) -> None:
        self._file = str(url.database)
        self._usable = not url.query and not self._file.startswith("file:")
        self._connection: sqlite3.Connection | None = None
        self._looks = 0
        # Statements that took long, and until when that is remembered.
        self._long: dict[str, float] = {}

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Rows:
        if self._long.get(text, 0.0) > time.monotonic():
            raise NotDirect
        if self._connection is None:
            self._connection = self._opened()
        self._looks = 0
        try:
            return self._connection.execute(text, arguments).fetchall()
        except sqlite3.OperationalError as error:
            # A lock is gone the next moment; what takes long will do so again.
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                self._remember(text)
            raise

    def _remember(self, text: str) -> None:
        if len(self._long) >= STATEMENTS_KEPT:
            self._long.clear()
        self._long[text] = time.monotonic() + REMEMBERED_SECONDS

    def _opened(self) -> sqlite3.Connection:
        if not self._usable:
            raise NotDirect
        opened = sqlite3.connect(self._file, timeout=0, isolation_level=None, cached_statements=256)
        opened.execute("PRAGMA query_only = ON")
        opened.set_progress_handler(self._is_long, STEPS)
        return opened

    def _is_long(self) -> bool:
        """SQLite asks this each so many steps, and ends the statement when told so."""
        self._looks += 1
        return self._looks > MOST_LOOKS

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

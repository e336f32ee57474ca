"""What goes straight through PostgreSQL's driver: small reads, COPY, and the errors that come of both."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy.engine import URL, Dialect

from db import errors
from db.aio import AsyncConnection
from db.direct import Fetch, NotDirect, Rows
from db.errors import DatabaseUnavailable

# So many in all, and so many that are read several statements from.
CONNECTIONS, SNAPSHOTS = 8, 6
# A connection whose statement was given up gets so long to tell the server, and the server to stop.
ENDING_SECONDS = 2.0
# What a URL can say to SQLAlchemy, but not to the driver.
_OF_SQLALCHEMY = {
    "async_fallback", "async_creator_fn", "prepared_statement_cache_size", "prepared_statement_name_func",
}  # fmt: skip


@contextmanager
def translated() -> Iterator[None]:
    """`errors.translated`, and the driver's own errors as well."""
    with errors.translated():
        try:
            yield
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise DatabaseUnavailable(f"database unavailable: {errors.first_line(error)}") from error
        except asyncpg.PostgresError as error:
            if errors.is_passing(str(error.sqlstate or "")):
                raise DatabaseUnavailable(f"database unavailable: {errors.first_line(error)}") from error
            raise


async def copy(connection: AsyncConnection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bool:
    """COPY the rows; False, with nothing done, if one of them is there already."""
    try:
        async with connection.begin_nested():
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.copy_records_to_table(table, records=rows, columns=columns)
    except asyncpg.UniqueViolationError:
        return False
    return True


class PostgresqlReader:
    """A few connections of the driver's own, first come first served."""

    def __init__(self, url: URL, dialect: Dialect, connect_args: dict[str, Any]) -> None:
        _, options = dialect.create_connect_args(url)
        settings = {**connect_args["server_settings"], "default_transaction_read_only": "on"}
        mine = {name: value for name, value in options.items() if name not in _OF_SQLALCHEMY}
        self._connect = partial(asyncpg.connect, **mine, **{**connect_args, "server_settings": settings})
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._snapshots = 0
        self._idle: list[asyncpg.Connection] = []
        self._ending: set[asyncio.Task[None]] = set()

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Rows:
        connection = await self._taken()
        try:
            rows: Rows = await connection.fetch(text, *arguments)
        except BaseException:
            self._give_up(connection)
            raise
        self._give_back(connection)
        return rows

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Fetch]:
        if self._snapshots == SNAPSHOTS:
            # They take a while, and single statements must not wait for that.
            raise NotDirect
        self._snapshots += 1
        try:
            async with self._one_moment() as fetch:
                yield fetch
        finally:
            self._snapshots -= 1

    @asynccontextmanager
    async def _one_moment(self) -> AsyncIterator[Fetch]:
        connection, well = await self._taken(), False

        async def fetch(text: str, arguments: Sequence[Any]) -> Rows:
            nonlocal well
            well = False
            rows: Rows = await connection.fetch(text, *arguments)
            well = True
            return rows

        try:
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            well = True
            yield fetch
        except BaseException as error:
            if well and isinstance(error, Exception):
                await self._end_snapshot(connection)
            else:
                self._give_up(connection)
            raise
        await self._end_snapshot(connection)

    async def _end_snapshot(self, connection: asyncpg.Connection) -> None:
        """Whatever becomes of that, what was read is read."""
        try:
            await connection.execute("COMMIT")
        except Exception:
            self._give_up(connection)
        except BaseException:
            self._give_up(connection)
            raise
        else:
            self._give_back(connection)

    async def _taken(self) -> asyncpg.Connection:
        await self._places.acquire()
        try:
            return self._idle.pop() if self._idle else await self._connect()
        except BaseException:
            self._places.release()
            raise

    def _give_back(self, connection: asyncpg.Connection) -> None:
        self._idle.append(connection)
        self._places.release()

    def _give_up(self, connection: asyncpg.Connection) -> None:
        """Nobody knows what state it is in."""
        ending = asyncio.create_task(self._end(connection), name="ending of a statement")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

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

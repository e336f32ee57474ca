"""Reading without ceremony: a prepared statement, or several of one moment, straight through the driver.

SQLAlchemy's connections cost several times what a small statement costs: a transaction is opened and rolled back around
it, rows are wrapped. Here a single statement goes out alone. Whatever does not go smoothly (a connection that broke, a
lock, a statement that takes long) is left to `Database.read`, which knows what to do about it.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

from sqlalchemy import Executable
from sqlalchemy.engine import Dialect

from db.prepared import Prepared, compiled

STATEMENTS_KEPT = 1000

Rows = Sequence[Sequence[Any]]
Fetch = Callable[[str, Sequence[Any]], Awaitable[Rows]]


class NotDirect(Exception):
    """This has to be read in the usual way."""


class Reader(Protocol):
    """One database's way to carry out a statement. Raises NotDirect, or the driver's errors."""

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Rows: ...

    def snapshot(self) -> AbstractAsyncContextManager[Fetch]:
        """Carries out several, all of one moment."""
        ...

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

    async def rows(self, shape: Hashable, build: Callable[[], Executable], values: Mapping[str, Any]) -> Rows:
        """As `fetch`, by the statement of this shape: see `asking.Asking`. Raises NotDirect."""
        return await self.fetch(self.statement(shape, build), values)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Snapshot"]:
        """For several statements, all of one moment, one after the other. Raises NotDirect, as they do."""
        async with AsyncExitStack() as stack:
            try:
                fetch = await stack.enter_async_context(self._reader.snapshot())
            except Exception as error:
                raise NotDirect from error
            yield Snapshot(self, fetch)


class Snapshot:
    """One moment of the database (see `asking.Asking`). Values are as the driver gives them."""

    def __init__(self, direct: Direct, fetch: Fetch) -> None:
        self.kind = direct.kind
        self._direct = direct
        self._fetch = fetch

    async def rows(self, shape: Hashable, build: Callable[[], Executable], values: Mapping[str, Any]) -> Rows:
        """Raises NotDirect."""
        statement = self._direct.statement(shape, build)
        try:
            return await self._fetch(statement.text, statement.arguments(values))
        except Exception as error:
            raise NotDirect from error

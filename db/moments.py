"""Reads that go straight through the driver or, where that does not go smoothly, in a transaction.

Those that ask an index of texts first take several statements, all of one moment.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import func, select

from db import keyset
from db.asking import Asking, Compiled
from db.direct import NotDirect
from db.engine import Database
from db.keyset import AnySelect, Page, Slice
from db.search import Found
from db.tables import assets
from db.walks import Walk

T = TypeVar("T")
# SQLite's index of texts does not tell how long it takes, and of more assets that may be long: not on the event loop.
MOST_ASSETS = 20_000


@dataclass(frozen=True, slots=True)
class FoundRead:
    """A page of what is found, the best first if that is the order, and how much there is of it."""

    walk: Walk
    wanted: Slice
    find: Callable[[Asking], Awaitable[Found]]
    count: Callable[[Asking, Found], Awaitable[int]]
    best_first: bool

    async def read(self, database: Database) -> Page:
        """The page."""

        async def work(asks: Asking) -> Page:
            return await self._page(asks, await self.find(asks))

        return await read_together(database, work)

    async def read_counted(self, database: Database) -> tuple[Page, int]:
        """The page, and how long the whole list is."""

        async def work(asks: Asking) -> tuple[Page, int]:
            found = await self.find(asks)
            return await self._page(asks, found), await self.count(asks, found)

        return await read_together(database, work)

    async def _page(self, asks: Asking, found: Found) -> Page:
        classes = found.classes if self.best_first else ()
        rows = await self.walk.found(asks, self.wanted, found.condition, classes)
        return keyset.page_of(rows, self.walk.ordering, self.wanted, left_behind=self.wanted.offset > 0)


async def read(database: Database, work: Callable[[Asking], Awaitable[T]]) -> T:
    """What the work finds out by a single statement. It may be begun twice."""
    try:
        return await work(database.direct)
    except NotDirect:
        return await _read_compiled(database, work)


async def read_together(database: Database, work: Callable[[Asking], Awaitable[T]]) -> T:
    """What the work finds out by several statements of one moment, some of the index of texts. It may be begun
    twice."""
    try:
        async with database.direct.snapshot() as asks:
            if database.is_sqlite and await _has_many_assets(asks):
                raise NotDirect
            return await work(asks)
    except NotDirect:
        return await _read_compiled(database, work)


async def _read_compiled(database: Database, work: Callable[[Asking], Awaitable[T]]) -> T:
    async with database.read() as connection:
        return await work(Compiled(connection, database.direct))


async def _has_many_assets(asks: Asking) -> bool:
    def build() -> AnySelect:
        return select(func.max(assets.c.id))

    return int((await asks.rows("last asset", build, {}))[0][0] or 0) > MOST_ASSETS

"""Reads of several statements, all of one moment, because an index of texts is asked first.

They go straight through the driver or, where that does not go smoothly, in a transaction.
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
MOST_ASSETS = 50_000


@dataclass(frozen=True, slots=True)
class FoundRead:
    """A page of what is found, the best first if that is the order, and how much there is of it."""

    walk: Walk
    wanted: Slice
    find: Callable[[Asking], Awaitable[Found]]
    count: Callable[[Asking, Found], Awaitable[int]]
    best_first: bool

    async def read(self, database: Database) -> Page:
        async def work(asks: Asking) -> Page:
            return await self._page(asks, await self.find(asks))

        return await read(database, work, by_texts=True)

    async def read_counted(self, database: Database) -> tuple[Page, int]:
        async def work(asks: Asking) -> tuple[Page, int]:
            found = await self.find(asks)
            return await self._page(asks, found), await self.count(asks, found)

        return await read(database, work, by_texts=True)

    async def _page(self, asks: Asking, found: Found) -> Page:
        classes = found.classes if self.best_first else ()
        rows = await self.walk.found(asks, self.wanted, found.condition, classes)
        return keyset.page_of(rows, self.walk.ordering, self.wanted, left_behind=self.wanted.offset > 0)


async def read(database: Database, work: Callable[[Asking], Awaitable[T]], *, by_texts: bool) -> T:
    """What the work finds out, which may ask the index of texts. It may be begun twice."""
    try:
        async with database.direct.snapshot() as asks:
            if by_texts and database.is_sqlite and await _has_many_assets(asks):
                raise NotDirect
            return await work(asks)
    except NotDirect:
        async with database.read() as connection:
            return await work(Compiled(connection, database.direct))


async def _has_many_assets(asks: Asking) -> bool:
    def build() -> AnySelect:
        return select(func.max(assets.c.id))

    return int((await asks.rows("last asset", build, {}))[0][0] or 0) > MOST_ASSETS

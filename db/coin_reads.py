"""The reads of coins that come most often: pages, single coins, the coins of assets and the assets of coins.

They go straight through the driver. Where that does not go smoothly, searches and counts are read in a transaction; the
rest raises NotDirect, and is read by `coin_catalog`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol

from sqlalchemy import BigInteger, Text, select

from db import coin_catalog, moments, search
from db.asking import Asking
from db.coin_catalog import CoinListing
from db.cursors import INT64, storable
from db.direct import Direct
from db.engine import Database
from db.keyset import AnySelect, Ordering, Page, Slice
from db.likeness import Key, seniority
from db.moments import FoundRead
from db.prepared import is_one_of, parents, slot
from db.tables import assets, coin_assets, coins
from db.walks import Columns, Row, Walk, WalkRead


class AnyPageRead(Protocol):
    """A page of coins, to be read any number of times."""

    async def read(self, database: Database) -> Page:
        """May raise NotDirect: then `coin_catalog` has to read it."""
        ...


def page(direct: Direct, listing: CoinListing, wanted: Slice, columns: Columns) -> AnyPageRead:
    """Raises InvalidCursor and BadFilter."""
    searched = bool(search.needle_of(listing.search))
    walk = Walk(
        ("coins", columns, listing.order), coin_catalog.FIELDS, listing.condition,
        coin_catalog.ordering(listing) if searched else _ordering(listing), lambda: _columns(columns),
    )  # fmt: skip
    if not searched:
        return WalkRead(walk.ordering, wanted, walk.page(direct, wanted))
    return FoundRead(
        walk, wanted, partial(coin_catalog.found, listing=listing), partial(coin_catalog.counted, listing=listing),
        best_first=not listing.order,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CoinCountRead:
    """How many coins a listing holds."""

    listing: CoinListing

    async def read(self, database: Database) -> int:
        """Raises BadFilter."""

        async def work(asks: Asking) -> int:
            return await coin_catalog.counted(asks, await coin_catalog.found(asks, self.listing), self.listing)

        read = moments.read_together if search.needle_of(self.listing.search) else moments.read
        return await read(database, work)


@dataclass(frozen=True, slots=True)
class CoinRead:
    """A single coin of now, by its id, or by its slug, letter for letter."""

    key: int | str
    columns: Columns

    async def read(self, database: Database) -> Row | None:
        """The coin's columns, None where there is no such coin. Raises NotDirect."""
        if not (self.key in INT64 if isinstance(self.key, int) else storable(self.key)):
            return None
        name, type_ = ("id", BigInteger()) if isinstance(self.key, int) else ("slug", Text())
        statement = database.direct.statement(
            ("coin by", name, self.columns),
            lambda: _columns(self.columns).where(coins.c[name] == slot("key", type_)),
        )
        rows = await database.direct.fetch(statement, {"key": self.key})
        return rows[0] if rows else None


async def of_assets(database: Database, asset_ids: Sequence[int], columns: Columns) -> dict[int, list[Row]]:
    """The coin of each asset that has one, by asset id: a row that begins with the columns. Raises NotDirect."""
    direct = database.direct

    def build() -> AnySelect:
        found = _columns(columns).add_columns(coin_assets.c.asset_id)
        return found.join(coin_assets, coin_assets.c.coin_id == coins.c.id).where(
            is_one_of(direct.kind, coin_assets.c.asset_id)
        )

    statement = direct.statement(("coins of assets", columns), build)
    return {row[len(columns)]: [row] for row in await direct.fetch(statement, parents(direct.kind, asset_ids))}


async def members(database: Database, coin_ids: Sequence[int], columns: Columns) -> dict[int, list[Row]]:
    """The assets of each coin, the one it is named after first: rows that begin with the columns, which are an asset's
    or its membership's. Raises NotDirect."""
    direct = database.direct

    def build() -> AnySelect:
        known = {**assets.c, **{name: coin_assets.c[name] for name in ("confidence", "evidence", "manual", "fresh")}}
        found = select(*(known[name] for name in columns)).add_columns(
            coin_assets.c.coin_id, assets.c.source, assets.c.external_id
        )
        return found.join_from(coin_assets, assets, assets.c.id == coin_assets.c.asset_id).where(
            is_one_of(direct.kind, coin_assets.c.coin_id)
        )

    statement = direct.statement(("assets of coins", columns), build)
    found: dict[int, list[Row]] = defaultdict(list)
    coin, source, external_id = range(len(columns), len(columns) + 3)
    for row in await direct.fetch(statement, parents(direct.kind, coin_ids)):
        found[row[coin]].append(row)
    for each in found.values():
        each.sort(key=lambda row: seniority(Key(row[source], row[external_id])))
    return found


@lru_cache(256)
def _ordering(listing: CoinListing) -> Ordering:
    return coin_catalog.ordering(listing)


def _columns(columns: Columns) -> AnySelect:
    return select(*(coins.c[name] for name in columns))

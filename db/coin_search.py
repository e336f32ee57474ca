"""Searching coins by the index of assets' texts: a coin has the symbol, the name and, as its slug, the id of one asset.

Some coins have a slug of their own (the id has letters that slugs have not, or another coin has that slug), which that
index can't know. They have an index of their own, and are looked through beside. Until the pass behind a run has looked
at an asset with a new name, its coin has the old one, and is found by neither.
"""

from functools import partial

from sqlalchemy import ColumnElement, func, select

from db import filters, search, trigrams
from db.aio import AsyncConnection
from db.keyset import AnySelect
from db.search import Found, Subject, Texts
from db.tables import coin_assets, coins
from db.trigrams import Hits, Wanted

TEXTS: Texts = (coins.c.symbol_folded, coins.c.name_folded, coins.c.slug)


async def find(connection: AsyncConnection, needle: str) -> Found:
    """Look a needle (not empty) up. Raises BadFilter for one that is too long."""
    others = select(coins.c.id).where(coins.c.own_slug, filters.contains(coins.c.slug, needle))
    found, _ = await search.find_literally(connection, needle, Subject(TEXTS, partial(_look, others)))
    return found


async def _look(others: AnySelect, connection: AsyncConnection, wanted: Wanted) -> Hits:
    hits = await trigrams.look(connection, wanted, partial(_named_after, others))
    if hits.many:
        return hits
    some = select(func.count()).select_from(others.limit(trigrams.MANY + 1).subquery())
    return Hits(hits.count + int((await connection.execute(some)).scalar_one()), hits.among)


def _named_after(others: AnySelect, connection: AsyncConnection, asset_ids: AnySelect) -> ColumnElement[bool]:
    """Whether a coin is named after one of the assets, or one of the others."""
    found = select(coin_assets.c.own_coin_id).where(coin_assets.c.asset_id.in_(asset_ids)).union_all(others)
    return trigrams.among_found(connection, coins.c.id, found)

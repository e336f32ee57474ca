"""Searching coins by the index of assets' texts: a coin has the symbol, the name and, as its slug, the id of one asset.

Some coins have a slug of their own (the id has letters that slugs have not, or another coin has that slug), which that
index can't know. They have an index of their own, and are looked through beside. Until the pass behind a run has looked
at an asset with a new name, its coin has the old one, and is found by neither.
"""

from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, func, select

from db import search, trigrams
from db.asking import Asking
from db.keyset import AnySelect
from db.search import Found, Needle, Subject, Texts
from db.tables import coin_assets, coins
from db.trigrams import Hits, Wanted

TEXTS: Texts = (coins.c.symbol_folded, coins.c.name_folded, coins.c.slug)


async def find(asks: Asking, text: str) -> Found:
    """Look a needle (not empty) up. Raises BadFilter for one that is too long."""
    found, _ = await search.find_literally(asks, text, Subject(coins, TEXTS, partial(_look, text)))
    return found


async def _look(text: str, asks: Asking, name: str, wanted: Wanted) -> Hits:
    values: dict[str, Any] = {}
    needle = Needle.of(text, values)
    hits = await trigrams.look(asks, name, wanted, partial(_named_after, needle))
    if hits.many:
        return hits
    most = trigrams.MANY + 1
    more = await asks.rows(
        ("others", most, needle),
        lambda: select(func.count()).select_from(_others(needle).limit(most).subquery()),
        values,
    )
    # The values of the needle come with what is asked of these hits.
    return Hits(hits.count + int(more[0][0]), hits.among)


def _others(needle: Needle) -> AnySelect:
    """Coins that the index of assets does not know by their slug."""
    return select(coins.c.id).where(coins.c.own_slug, needle.text.is_in(coins.c.slug))


def _named_after(needle: Needle, kind: str, asset_ids: AnySelect) -> ColumnElement[bool]:
    """Whether a coin is named after one of the assets, or one of the others."""
    found = select(coin_assets.c.own_coin_id).where(coin_assets.c.asset_id.in_(asset_ids)).union_all(_others(needle))
    return trigrams.among_found(kind, coins.c.id, found)

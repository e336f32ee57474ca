"""Reading coins: listing, searching, counting and finding them, and the assets they hold. Writing is in `coins`."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select, true

from db import coin_search, filters, keyset, search
from db.aio import AsyncConnection
from db.asking import EVERYTHING, Asking, Usually
from db.catalog import Order
from db.cursors import INT64, storable
from db.filters import Condition, Every, Field, Fields
from db.keyset import AnyRow, AnySelect, Ordering, Page, Slice, Term
from db.likeness import Key, seniority
from db.search import Found, Needle
from db.tables import assets, coin_assets, coin_marks, coins

COLUMNS = ("id", "slug", "symbol", "name", "rank", "price_usd", "divergence_percent", "market_cap_usd")
FIELDS: Fields = {
    "id": Field(coins.c.id),
    "symbol": Field(coins.c.symbol_folded, folded=True),
    "name": Field(coins.c.name_folded, folded=True),
    "slug": Field(coins.c.slug, folded=True),
    **{
        name: Field(coins.c[name], nullable=True)
        for name in ("rank", "price_usd", "divergence_percent", "market_cap_usd")
    },
}
_SELECTED = tuple(coins.c[name] for name in COLUMNS)


@dataclass(frozen=True, slots=True)
class CoinListing:
    """Which coins, and in which order; without one: by relevance when searching, else by id."""

    condition: Condition | None = None
    search: str = ""
    order: tuple[Order, ...] = ()


class Membership(NamedTuple):
    """An asset of a coin: how sure that is (0 to 1), why, whether a person said so, and whether its figures count."""

    asset_id: int
    key: Key
    confidence: float
    evidence: tuple[str, ...]
    manual: bool
    fresh: bool


async def page(connection: AsyncConnection, listing: CoinListing, wanted: Slice, *, both_ends: bool = True) -> Page:
    """A page of coins as rows with COLUMNS. Raises InvalidCursor and BadFilter."""
    order = ordering(listing)
    keyset.keys(order, wanted)
    query = select(*_SELECTED).where(_held(listing))
    hits = await found(Usually(connection), listing)
    if hits.classes and not listing.order:
        order = replace(order, classes=hits.classes)
    else:
        query = query.where(hits.condition.build())
    return await keyset.fetch(connection, query, order, wanted, both_ends=both_ends, values=hits.condition.values)


async def found(asks: Asking, listing: CoinListing) -> Found:
    """What the search finds; without one, everything. Raises BadFilter."""
    text = search.needle_of(listing.search)
    return await coin_search.find(asks, text) if text else Found(EVERYTHING, EVERYTHING)


def check(listing: CoinListing, wanted: Slice) -> None:
    """Raise InvalidCursor unless the slice's cursors were taken from this very list, and BadFilter for a bad one."""
    keyset.keys(ordering(listing), wanted)
    _held(listing)
    if text := search.needle_of(listing.search):
        Needle.of(text, {})


async def count(connection: AsyncConnection, listing: CoinListing) -> int:
    """How many coins the listing holds in all. Raises BadFilter."""
    asks = Usually(connection)
    return await counted(asks, await found(asks, listing), listing)


async def counted(asks: Asking, hits: Found, listing: CoinListing) -> int:
    """The same, of what is found. Raises BadFilter."""
    if listing.condition in {None, Every(())} and not search.needle_of(listing.search):
        return int((await asks.rows("coins", _every_coin, {}))[0][0])
    values: dict[str, Any] = {}
    held = listing.condition and filters.with_slots(FIELDS, listing.condition, values)

    def build() -> AnySelect:
        kept = true() if held is None else filters.to_sql(FIELDS, held)
        return select(func.count()).select_from(coins).where(kept, hits.counted.build())

    shape = ("coins counted", held, hits.counted.shape)
    return int((await asks.rows(shape, build, {**values, **hits.counted.values}))[0][0])


async def by_ids(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, AnyRow]:
    """Those of the coins that exist, by id."""
    wanted = [coin_id for coin_id in set(ids) if coin_id in INT64]
    rows = await connection.execute(select(*_SELECTED).where(coins.c.id.in_(wanted)))
    return {row.id: row for row in rows}


async def by_slugs(connection: AsyncConnection, slugs: Iterable[str]) -> dict[str, AnyRow]:
    """Those of the coins that exist, by slug, letter for letter."""
    wanted = [slug for slug in set(slugs) if storable(slug)]
    rows = await connection.execute(select(*_SELECTED).where(coins.c.slug.in_(wanted)))
    return {row.slug: row for row in rows}


async def of_assets(connection: AsyncConnection, asset_ids: Sequence[int]) -> dict[int, AnyRow]:
    """The coin of each of the assets that has one, by asset id."""
    found = select(*_SELECTED, coin_assets.c.asset_id.label("key")).join(
        coin_assets, coin_assets.c.coin_id == coins.c.id
    )
    rows = await connection.execute(found.where(coin_assets.c.asset_id.in_(asset_ids)))
    return {row.key: row for row in rows}


async def members(connection: AsyncConnection, coin_ids: Sequence[int]) -> dict[int, list[Membership]]:
    """The assets of each coin, the one it is named after first."""
    columns = (*coin_assets.c, assets.c.source, assets.c.external_id)
    held = (
        select(*columns).join(assets, assets.c.id == coin_assets.c.asset_id).where(coin_assets.c.coin_id.in_(coin_ids))
    )
    found: dict[int, list[Membership]] = defaultdict(list)
    for row in await connection.execute(held):
        key, evidence = Key(row.source, row.external_id), tuple(json.loads(row.evidence))
        found[row.coin_id].append(Membership(row.asset_id, key, row.confidence, evidence, row.manual, row.fresh))
    return {coin_id: sorted(each, key=lambda member: seniority(member.key)) for coin_id, each in found.items()}


def ordering(listing: CoinListing) -> Ordering:
    """The listing's order; its cursors are bound to order, filter and search. Raises BadFilter."""
    text = search.needle_of(listing.search)
    scope = repr(("coins", listing.condition, text, listing.order))
    if listing.order or not text:
        return Ordering(_terms(listing.order), coins.c.id, scope)
    values: dict[str, Any] = {}
    best = search.relevance(Needle.of(text, values), coin_search.TEXTS)
    return Ordering((Term(best), Term(coins.c.rank, nullable=True)), coins.c.id, scope, values=values)


def _terms(order: Sequence[Order]) -> tuple[Term, ...]:
    # A second criterion on the same field can decide nothing.
    first: dict[str, Order] = {}
    for each in order:
        first.setdefault(each.field, each)
    return tuple(_term(each) for each in first.values())


def _term(order: Order) -> Term:
    field = filters.field_of(FIELDS, order.field)
    return Term(field.column, order.descending, field.nullable)


def _every_coin() -> AnySelect:
    return select(func.coalesce(func.sum(coin_marks.c.coin_count), 0))


def _held(listing: CoinListing) -> ColumnElement[bool]:
    return true() if listing.condition is None else filters.to_sql(FIELDS, listing.condition)

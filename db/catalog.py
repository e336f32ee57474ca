"""Reading assets: listing, searching, counting and finding them. Writing is in `assets`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

from db import asset_views, filters, holdings, keyset, search, trigrams
from db.aio import AsyncConnection
from db.asking import EVERYTHING, Asking, Usually
from db.asset_views import NOW, AssetView, view_of
from db.cursors import INT64, storable
from db.filters import Condition, Every, Where
from db.keyset import AnyRow, AnySelect, Ordering, Page, Slice, Term
from db.search import Found, Needle
from db.tables import assets

COLUMNS = tuple(column.name for column in assets.c if not column.name.endswith("_folded"))

SORTABLE = tuple(NOW.fields)


@dataclass(frozen=True, slots=True)
class Order:
    """A field of SORTABLE and a direction. Text sorts by its case-folded form."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Which assets, in which order, and what is believed of them when.

    Without an order: by relevance when searching, else by id. Without a moment: now.
    """

    condition: Condition | None = None
    search: str = ""
    order: tuple[Order, ...] = ()
    as_of: datetime | None = None


async def page(
    connection: AsyncConnection,
    listing: Listing,
    wanted: Slice,
    columns: Collection[str] = COLUMNS,
    *,
    both_ends: bool = True,
) -> Page:
    """A page of assets as rows with `columns`. Raises InvalidCursor, BadFilter and HistoryForgotten."""
    view = view_of(listing.as_of)
    order = ordering(listing, view)
    keyset.keys(order, wanted)
    held = _held(listing, view)
    await asset_views.check(connection, listing.as_of)
    hits = await found(Usually(connection), listing)
    query = _select(columns, view).where(held)
    if hits.classes and not listing.order:
        order = replace(order, classes=hits.classes)
    else:
        query = query.where(hits.condition.build())
    return await keyset.fetch(connection, query, order, wanted, both_ends=both_ends, values=hits.condition.values)


async def count(connection: AsyncConnection, listing: Listing) -> int:
    """How many assets the listing holds in all. Raises BadFilter and HistoryForgotten."""
    sources = whole_sources(listing)
    if sources is not None:
        held = await holdings.by_source(connection)
        return sum(each.asset_count for name, each in held.items() if not sources or name in sources)
    _held(listing, view_of(listing.as_of))
    await asset_views.check(connection, listing.as_of)
    asks = Usually(connection)
    return await counted(asks, await found(asks, listing), listing)


async def counted(asks: Asking, hits: Found, listing: Listing) -> int:
    """The same of what is found, for a listing that is a part of what sources hold. Raises BadFilter."""
    view = view_of(listing.as_of)
    if hits.text is not None and listing.as_of is None and trigrams.is_exact(hits.text):
        return await trigrams.count(asks, hits.text)
    values: dict[str, Any] = {}
    held = listing.condition and filters.with_slots(view.fields, listing.condition, values)

    def build() -> AnySelect:
        kept = true() if held is None else filters.to_sql(view.fields, held)
        return select(func.count()).select_from(view.rows).where(kept, hits.counted.build())

    shape = ("assets counted", listing.as_of, held, hits.counted.shape)
    return int((await asks.rows(shape, build, {**values, **hits.counted.values}))[0][0])


def whole_sources(listing: Listing) -> tuple[str, ...] | None:
    """The sources of which the listing holds everything, () for all of them; None if it holds only a part."""
    if search.needle_of(listing.search) or listing.as_of is not None:
        return None
    match listing.condition:
        case None | Every(()):
            return ()
        case Every((Where("source", "eq", str(name)),)) | Where("source", "eq", str(name)):
            return (name.casefold(),)
        case _:
            return None


def check(listing: Listing) -> None:
    """Raise BadFilter for a search or a condition that cannot be carried out, before anything is asked."""
    if text := search.needle_of(listing.search):
        Needle.of(text, {})
    if listing.condition is not None:
        filters.with_slots(view_of(listing.as_of).fields, listing.condition, {})


async def by_ids(
    connection: AsyncConnection,
    ids: Iterable[int],
    columns: Collection[str] = COLUMNS,
    as_of: datetime | None = None,
) -> dict[int, AnyRow]:
    """Those of the assets that exist (then), by id, in one statement. Raises HistoryForgotten."""
    wanted = [asset_id for asset_id in set(ids) if asset_id in INT64]
    if not wanted:
        return {}
    await asset_views.check(connection, as_of)
    found = _select(columns, view_of(as_of)).add_columns(assets.c.id.label("key")).where(assets.c.id.in_(wanted))
    return {row.key: row for row in await connection.execute(found)}


async def by_keys(
    connection: AsyncConnection,
    keys: Iterable[tuple[str, str]],
    columns: Collection[str] = COLUMNS,
    as_of: datetime | None = None,
) -> dict[tuple[str, str], AnyRow]:
    """Those of the assets that exist (then), by (source, external_id), letter for letter, in one statement.

    Raises HistoryForgotten.
    """
    wanted: dict[str, list[str]] = {}
    for source, external_id in set(keys):
        if storable(source) and storable(external_id):
            wanted.setdefault(source, []).append(external_id)
    if not wanted:
        return {}
    same = [and_(assets.c.source == source, assets.c.external_id.in_(ids)) for source, ids in wanted.items()]
    key = (assets.c.source.label("key_source"), assets.c.external_id.label("key_external_id"))
    await asset_views.check(connection, as_of)
    rows = await connection.execute(_select(columns, view_of(as_of)).add_columns(*key).where(or_(false(), *same)))
    return {(row.key_source, row.key_external_id): row for row in rows}


def ordering(listing: Listing, view: AssetView) -> Ordering:
    """The listing's order; its cursors are bound to order, filter, search and moment. Raises BadFilter."""
    then = () if listing.as_of is None else (listing.as_of,)
    text = search.needle_of(listing.search)
    scope = repr(("assets", listing.condition, text, listing.order, *then))
    if listing.order or not text:
        return Ordering(tuple(_term(each, view) for each in _without_repeats(listing.order)), assets.c.id, scope)
    rank, values = view.fields["rank"], dict[str, Any]()
    terms = (Term(search.relevance(Needle.of(text, values))), Term(rank.column, nullable=rank.nullable))
    return Ordering(terms, assets.c.id, scope, values=values)


def _term(order: Order, view: AssetView) -> Term:
    field = filters.field_of(view.fields, order.field)
    return Term(field.column, order.descending, field.nullable)


def _without_repeats(orders: Iterable[Order]) -> Sequence[Order]:
    # A second criterion on the same field can decide nothing.
    first: dict[str, Order] = {}
    for order in orders:
        first.setdefault(order.field, order)
    return list(first.values())


def _select(columns: Collection[str], view: AssetView) -> AnySelect:
    return select(*(view.columns[name] for name in columns)).select_from(view.rows)


async def found(asks: Asking, listing: Listing) -> Found:
    """What the search finds; without one, what the index can say about the condition. Raises BadFilter."""
    text = search.needle_of(listing.search)
    if text:
        hits = await search.find(asks, text)
        return replace(hits, text=hits.text if listing.condition is None else None)
    wanted = trigrams.wanted_by(listing.condition)
    if not wanted:
        return Found(EVERYTHING, EVERYTHING)
    some = await trigrams.look(asks, "wanted", wanted)
    sole = trigrams.sole_text(listing.condition) if some.many else None
    return Found(some.narrowed(EVERYTHING), some.all_of(EVERYTHING), text=sole)


def _held(listing: Listing, view: AssetView) -> ColumnElement[bool]:
    return true() if listing.condition is None else filters.to_sql(view.fields, listing.condition)

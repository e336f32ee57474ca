"""Reading assets: listing, searching, counting and finding them. Writing is in `assets`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

from db import asset_views, filters, holdings, keyset, search, trigrams
from db.aio import AsyncConnection
from db.asset_views import NOW, AssetView, view_of
from db.cursors import INT64, storable
from db.filters import Condition, Every, Where
from db.keyset import AnyRow, AnySelect, Ordering, Page, Slice, Term
from db.search import Found
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
    found = await _found(connection, listing)
    query = _select(columns, view).where(held)
    if found.classes and not listing.order:
        order = replace(order, classes=found.classes)
    else:
        query = query.where(found.condition)
    return await keyset.fetch(connection, query, order, wanted, both_ends=both_ends)


async def count(connection: AsyncConnection, listing: Listing) -> int:
    """How many assets the listing holds in all. Raises BadFilter and HistoryForgotten."""
    view = view_of(listing.as_of)
    wanted = _held(listing, view)
    await asset_views.check(connection, listing.as_of)
    sources = whole_sources(listing)
    if sources is not None:
        held = await holdings.by_source(connection)
        return sum(each.asset_count for name, each in held.items() if not sources or name in sources)
    found = await _found(connection, listing)
    if found.text is not None and listing.as_of is None and trigrams.is_exact(found.text):
        return await trigrams.count(connection, found.text)
    counted = select(func.count()).select_from(view.rows).where(wanted, found.counted)
    return int((await connection.execute(counted)).scalar_one())


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
    scope = repr(("assets", listing.condition, search.needle_of(listing.search), listing.order, *then))
    return Ordering(_terms(listing, view), assets.c.id, scope)


def _terms(listing: Listing, view: AssetView) -> tuple[Term, ...]:
    needle = search.needle_of(listing.search)
    if listing.order or not needle:
        return tuple(_term(order, view) for order in _without_repeats(listing.order))
    rank = view.fields["rank"]
    return (Term(search.relevance(needle)), Term(rank.column, nullable=rank.nullable))


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


async def _found(connection: AsyncConnection, listing: Listing) -> Found:
    """What the search finds; without one, what the index can say about the condition."""
    needle = search.needle_of(listing.search)
    if needle:
        found = await search.find(connection, needle)
        return replace(found, text=found.text if listing.condition is None else None)
    wanted = trigrams.wanted_by(listing.condition)
    if not wanted:
        return Found(true(), true())
    hits = await trigrams.look(connection, wanted)
    text = trigrams.sole_text(listing.condition) if hits.many else None
    return Found(hits.narrowed(true()), hits.all_of(true()), text=text)


def _held(listing: Listing, view: AssetView) -> ColumnElement[bool]:
    return true() if listing.condition is None else filters.to_sql(view.fields, listing.condition)

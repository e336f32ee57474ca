"""Reading assets: listing, searching, counting and finding them. Writing is in `assets`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import filters, holdings, keyset
from db.clock import UtcDateTime
from db.cursors import INT64, storable
from db.filters import Condition, Every, Field, Where
from db.keyset import AnyRow, AnySelect, Ordering, Page, Slice, Term
from db.tables import FIGURES, assets

COLUMNS = tuple(column.name for column in assets.c if not column.name.endswith("_folded"))

_FOLDED = {name: assets.c[f"{name}_folded"] for name in ("symbol", "name", "external_id")}
_TIMES = tuple(column.name for column in assets.c if isinstance(column.type, UtcDateTime))
# Source names are lower-case words, their own folded form.
_TEXTS: dict[str, ColumnElement[Any]] = {"source": assets.c.source, **_FOLDED}

FIELDS: dict[str, Field] = {
    "id": Field(assets.c.id),
    **{name: Field(column, folded=True) for name, column in _TEXTS.items()},
    **{name: Field(assets.c[name], nullable=bool(assets.c[name].nullable)) for name in ("rank", *FIGURES, *_TIMES)},
}
SORTABLE = tuple(FIELDS)


@dataclass(frozen=True, slots=True)
class Order:
    """A field of SORTABLE and a direction. Text sorts by its case-folded form."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Which assets, in which order. Without an order: by relevance when searching, else by id."""

    condition: Condition | None = None
    search: str = ""
    order: tuple[Order, ...] = ()


async def page(
    connection: AsyncConnection,
    listing: Listing,
    wanted: Slice,
    columns: Collection[str] = COLUMNS,
    *,
    both_ends: bool = True,
) -> Page:
    """A page of assets as rows with `columns`. Raises InvalidCursor and BadFilter."""
    query = _query(listing, columns)
    return await keyset.fetch(connection, query, ordering(listing), wanted, both_ends=both_ends)


async def count(connection: AsyncConnection, listing: Listing) -> int:
    """How many assets the listing holds in all. Raises BadFilter."""
    sources = _whole_sources(listing)
    if sources is not None:
        held = await holdings.by_source(connection)
        return sum(each.asset_count for name, each in held.items() if not sources or name in sources)
    counted = select(func.count()).select_from(assets).where(*_conditions(listing))
    return int((await connection.execute(counted)).scalar_one())


def _whole_sources(listing: Listing) -> tuple[str, ...] | None:
    """The sources of which the listing holds everything, () for all of them; None if it holds only a part."""
    if _needle(listing):
        return None
    match listing.condition:
        case None | Every(()):
            return ()
        case Every((Where("source", "eq", str(name)),)) | Where("source", "eq", str(name)):
            return (name.casefold(),)
        case _:
            return None


async def by_ids(
    connection: AsyncConnection, ids: Iterable[int], columns: Collection[str] = COLUMNS
) -> dict[int, AnyRow]:
    """Those of the assets that exist, by id, in one statement."""
    wanted = [asset_id for asset_id in set(ids) if asset_id in INT64]
    if not wanted:
        return {}
    found = _select(columns).add_columns(assets.c.id.label("key")).where(assets.c.id.in_(wanted))
    return {row.key: row for row in await connection.execute(found)}


async def by_keys(
    connection: AsyncConnection, keys: Iterable[tuple[str, str]], columns: Collection[str] = COLUMNS
) -> dict[tuple[str, str], AnyRow]:
    """Those of the assets that exist, by (source, external_id), letter for letter, in one statement."""
    wanted: dict[str, list[str]] = {}
    for source, external_id in set(keys):
        if storable(source) and storable(external_id):
            wanted.setdefault(source, []).append(external_id)
    if not wanted:
        return {}
    same = [and_(assets.c.source == source, assets.c.external_id.in_(ids)) for source, ids in wanted.items()]
    key = (assets.c.source.label("key_source"), assets.c.external_id.label("key_external_id"))
    rows = await connection.execute(_select(columns).add_columns(*key).where(or_(false(), *same)))
    return {(row.key_source, row.key_external_id): row for row in rows}


def ordering(listing: Listing) -> Ordering:
    """The listing's order; its cursors are bound to order, filter and search."""
    scope = repr(("assets", listing.condition, _needle(listing), listing.order))
    return Ordering(_terms(listing), assets.c.id, scope)


def _terms(listing: Listing) -> tuple[Term, ...]:
    needle = _needle(listing)
    if listing.order or not needle:
        return tuple(_term(order) for order in _without_repeats(listing.order))
    rank = FIELDS["rank"]
    return (Term(_relevance(needle)), Term(rank.column, nullable=rank.nullable))


def _term(order: Order) -> Term:
    field = FIELDS[order.field]
    return Term(field.column, order.descending, field.nullable)


def _without_repeats(orders: Iterable[Order]) -> Sequence[Order]:
    # A second criterion on the same field can decide nothing.
    first: dict[str, Order] = {}
    for order in orders:
        first.setdefault(order.field, order)
    return list(first.values())


def _query(listing: Listing, columns: Collection[str]) -> AnySelect:
    return _select(columns).where(*_conditions(listing))


def _select(columns: Collection[str]) -> AnySelect:
    return select(*(assets.c[name] for name in columns))


def _needle(listing: Listing) -> str:
    return listing.search.strip().casefold()


def _conditions(listing: Listing) -> list[ColumnElement[bool]]:
    conditions = []
    if listing.condition is not None:
        conditions.append(filters.to_sql(FIELDS, listing.condition))
    if needle := _needle(listing):
        conditions.append(_found(needle))
    return conditions


def _found(needle: str) -> ColumnElement[bool]:
    if not storable(needle):
        return false()
    return or_(*(filters.contains(column, needle) for column in _FOLDED.values()))


def _relevance(needle: str) -> ColumnElement[int]:
    """0 for the best hits: exact symbol, symbol prefix, exact name, name prefix, anything else."""
    symbol, name = _FOLDED["symbol"], _FOLDED["name"]
    # What the database cannot hold finds nothing, so any text will do to order that.
    text = needle if storable(needle) else ""
    return case(
        (symbol == text, 0),
        (filters.starts_with(symbol, text), 1),
        (name == text, 2),
        (filters.starts_with(name, text), 3),
        else_=4,
    )

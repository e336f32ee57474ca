"""The reads that come most often, worked out before they are carried out: pages of assets, single assets, points.

What is of the common kind goes straight through the driver, as statements that were compiled once for all of their
shape. What is not (other moments, a page between two others with both ends wanted, and whatever turns out to take long)
is read by `catalog`, with the same result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Protocol

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, select

from db import catalog, grouped, keyset, moments, price_points, search, trigrams, walks
from db.asking import Asking
from db.asset_views import NOW
from db.catalog import Listing
from db.cursors import INT64, storable
from db.direct import Direct, NotDirect
from db.engine import Connection, Database
from db.keyset import AnySelect, Ordering, Page, Slice
from db.moments import FoundRead
from db.prepared import Prepared, is_one_of, parents, parents_slot, slot
from db.price_points import Span
from db.tables import asset_history, assets, sources
from db.walks import Columns, Filled, Row, Walk

_MOMENTS_OF_SPANS = tuple(field.name for field in fields(Span) if field.name != "interval")


class AnyPageRead(Protocol):
    """A page of assets, to be read any number of times."""

    async def read(self, database: Database) -> Page:
        """Raises BadFilter and HistoryForgotten."""
        ...

    async def read_counted(self, database: Database) -> tuple[Page, int]:
        """The page, and how long the whole list is, both of one moment. For pages that were made `counted`.

        Raises BadFilter and HistoryForgotten.
        """
        ...


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page that takes one statement, or is read in the usual way."""

    listing: Listing
    wanted: Slice
    columns: Columns
    both_ends: bool = False
    filled: Sequence[Filled] = ()

    async def read(self, database: Database) -> Page:
        try:
            return self._page_of(await walks.rows(database.direct, self.filled, self.wanted))
        except NotDirect:
            async with database.read() as connection:
                return await self._read_usually(connection)

    async def read_counted(self, database: Database) -> tuple[Page, int]:
        try:
            rows = await walks.rows(database.direct, self.filled, self.wanted)
            if rows or self._is_first:
                # A list whose first page is empty holds nothing.
                return self._page_of(rows), rows[0][len(self.columns)] if rows else 0
        except NotDirect:
            pass
        async with database.read() as connection:
            return await self._read_usually(connection), await catalog.count(connection, self.listing)

    @property
    def _is_first(self) -> bool:
        return self.wanted.after is None and self.wanted.before is None and not self.wanted.offset

    def _page_of(self, rows: Sequence[Row]) -> Page:
        return keyset.page_of(rows, _ordering(self.listing), self.wanted, left_behind=self.wanted.offset > 0)

    async def _read_usually(self, connection: Connection) -> Page:
        return await catalog.page(connection, self.listing, self.wanted, self.columns, both_ends=self.both_ends)


def page(
    direct: Direct, listing: Listing, wanted: Slice, columns: Columns, *, both_ends: bool = False, counted: bool = False
) -> AnyPageRead:
    """Raises InvalidCursor and BadFilter."""
    walked = wanted.after is not None or wanted.before is not None
    if listing.as_of is not None or (both_ends and walked):
        return PageRead(listing, wanted, columns, both_ends)
    if _is_looked_up(listing):
        walk = Walk(
            ("assets", columns, listing.order), NOW.fields, listing.condition, catalog.ordering(listing, NOW),
            lambda: _columns(columns),
        )  # fmt: skip
        keyset.keys(walk.ordering, wanted)
        catalog.check(listing)
        return FoundRead(
            walk, wanted, partial(catalog.found, listing=listing), partial(catalog.counted, listing=listing),
            best_first=not listing.order,
        )  # fmt: skip
    sources_counted = catalog.whole_sources(listing) if counted else ()
    if sources_counted is None:
        return PageRead(listing, wanted, columns, both_ends)
    walk = Walk(
        ("assets", columns, listing.order, counted and sources_counted), NOW.fields, listing.condition,
        _ordering(listing), lambda: _columns(columns).add_columns(*(_total(sources_counted) if counted else ())),
    )  # fmt: skip
    return PageRead(listing, wanted, columns, both_ends, walk.page(direct, wanted))


@dataclass(frozen=True, slots=True)
class CountRead:
    """How many assets a listing holds."""

    listing: Listing

    async def read(self, database: Database) -> int:
        """Raises BadFilter and HistoryForgotten."""
        listing = self.listing
        names = catalog.whole_sources(listing)
        if names is not None:
            try:
                rows = await database.direct.fetch(_counts(database.direct), {})
                return sum(count for source, count in rows if not names or source in names)
            except NotDirect:
                pass
        elif listing.as_of is None:
            catalog.check(listing)

            async def work(asks: Asking) -> int:
                return await catalog.counted(asks, await catalog.found(asks, listing), listing)

            read = moments.read_together if _is_looked_up(listing) else moments.read
            return await read(database, work)
        async with database.read() as connection:
            return await catalog.count(connection, listing)


@dataclass(frozen=True, slots=True)
class RowRead:
    """A single asset of now, by its id, or by source and external id, letter for letter."""

    key: int | tuple[str, str]
    columns: Columns

    async def read(self, database: Database) -> Row | None:
        """The asset's columns, None where there is no such asset."""
        if not _can_be_stored(self.key):
            return None
        try:
            rows = await database.direct.fetch(*self._filled(database.direct))
        except NotDirect:
            return await self._read_usually(database)
        return rows[0] if rows else None

    def _filled(self, direct: Direct) -> Filled:
        if isinstance(self.key, int):
            return direct.statement(("asset by id", self.columns), self._by_id), {"id": self.key}
        source, external_id = self.key
        values = {"source": source, "external_id": external_id}
        return direct.statement(("asset by key", self.columns), self._by_key), values

    def _by_id(self) -> AnySelect:
        return _columns(self.columns).where(assets.c.id == slot("id", BigInteger()))

    def _by_key(self) -> AnySelect:
        same = (assets.c[name] == slot(name, Text()) for name in ("source", "external_id"))
        return _columns(self.columns).where(*same)

    async def _read_usually(self, database: Database) -> Row | None:
        async with database.read() as connection:
            if isinstance(self.key, int):
                return (await catalog.by_ids(connection, [self.key], self.columns)).get(self.key)
            return (await catalog.by_keys(connection, [self.key], self.columns)).get(self.key)


@dataclass(frozen=True, slots=True)
class PointsRead:
    """The same part of the history of any assets."""

    span: Span
    wanted: Slice
    columns: Columns
    with_cursors: bool = True

    async def read(self, database: Database, asset_ids: Sequence[int]) -> dict[int, Page]:
        """A page for each asset, of rows that begin with the columns. The slice must be without cursors.

        Raises NotDirect where it takes long.
        """
        direct = database.direct
        moments = self._moments()
        values = {**moments, **parents(direct.kind, asset_ids)}
        rows: dict[int, list[Row]] = {asset_id: [] for asset_id in asset_ids}
        parent = len(self.columns)
        for row in await direct.fetch(self._statement(direct, moments), values):
            rows[row[parent]].append(row)
        span, wanted = self.span, self.wanted
        if not self.with_cursors:
            return {each: keyset.page_of(found, UNNAMED, wanted) for each, found in rows.items()}
        return {each: keyset.page_of(found, _history(each, span), wanted) for each, found in rows.items()}

    async def count(self, database: Database, asset_ids: Sequence[int]) -> dict[int, int]:
        """How many points each asset has in the span."""
        async with database.read() as connection:
            return await price_points.counts(connection, asset_ids, self.span)

    def _statement(self, direct: Direct, moments: dict[str, datetime]) -> Prepared:
        wanted = self.wanted
        shape = (
            "points", self.columns, wanted.limit, wanted.backward, self.with_cursors, self.span.interval, *moments,
        )  # fmt: skip
        return direct.statement(shape, lambda: self._build(direct.kind, moments))

    def _build(self, kind: str, moments: dict[str, datetime]) -> AnySelect:
        slots = {name: slot(name, asset_history.c.at.type) for name in moments}
        span: Any = Span(**slots, interval=self.span.interval)  # type: ignore[arg-type]  # slots for moments
        if span.interval == "all":
            found = price_points.points_of_each(kind, parents_slot(kind), span, self.columns, self.wanted)
            # Behind the columns and the parent come the cursors' keys.
            read = list(found.selected_columns)[: None if self.with_cursors else len(self.columns) + 1]
            return found.with_only_columns(*read)
        mine = is_one_of(kind, asset_history.c.asset_id)
        query, named = price_points.points(kind, span, mine, self.columns)
        terms = price_points.ordering(named.at, named.id, 0, span).all_terms
        return grouped.in_order(query, named.asset_id, terms, self.wanted)

    def _moments(self) -> dict[str, datetime]:
        """What the span gives of its moments, by their names."""
        found = {name: getattr(self.span, name) for name in _MOMENTS_OF_SPANS}
        return {name: value for name, value in found.items() if value is not None}


def _is_looked_up(listing: Listing) -> bool:
    """Whether the index of texts is asked first."""
    return bool(search.needle_of(listing.search) or (listing.condition and trigrams.wanted_by(listing.condition)))


def _total(names: tuple[str, ...]) -> tuple[ColumnElement[Any]]:
    """What these sources hold, or all of them, as a column."""
    held = select(func.coalesce(func.sum(sources.c.asset_count), 0))
    mine = held.where(sources.c.source.in_(names)) if names else held
    return (cast(mine.scalar_subquery(), BigInteger).label("total"),)


@lru_cache(256)
def _ordering(listing: Listing) -> Ordering:
    return catalog.ordering(listing, NOW)


def _history(asset_id: int, span: Span) -> Ordering:
    return price_points.ordering(asset_history.c.at, asset_history.c.id, asset_id, span)


# A list's name is long, and only its cursors tell of it.
UNNAMED = _history(0, Span())


def _counts(direct: Direct) -> Prepared:
    return direct.statement("counts", lambda: select(sources.c.source, sources.c.asset_count))


def _can_be_stored(key: int | tuple[str, str]) -> bool:
    return key in INT64 if isinstance(key, int) else all(map(storable, key))


def _columns(columns: Columns) -> AnySelect:
    return select(*(assets.c[name] for name in columns))

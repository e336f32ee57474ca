"""Reading price history. Writing is in `history`."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, FromClause, TableValuedAlias, cast, column, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from db import grouped, keyset
from db.aio import AsyncConnection
from db.buckets import Bucket, bucket
from db.keyset import AnySelect, Key, Ordering, Page, Slice, Term
from db.tables import asset_history

Interval = Literal["all"] | Bucket
COLUMNS = (
    "at", "price_usd", "market_cap_usd", "volume_24h_usd", "rank", "record_id", "run_id", "recorded_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """From (inclusive) to (exclusive), one point an interval: the last one. Only what was known at `known_at`."""

    start: datetime | None = None
    end: datetime | None = None
    interval: Interval = "all"
    known_at: datetime | None = None


def check(asset_id: int, span: Span, wanted: Slice) -> None:
    """Raise InvalidCursor unless the slice's cursors were taken from this very list."""
    keyset.keys(ordering(asset_history.c.at, asset_history.c.id, asset_id, span), wanted)


async def pages(connection: AsyncConnection, asset_ids: Sequence[int], span: Span, wanted: Slice) -> dict[int, Page]:
    """The same slice of each asset's points in the span, oldest first. Raises InvalidCursor."""
    kind = connection.dialect.name
    if span.interval == "all":
        listed = json.dumps(list(asset_ids)) if kind == "sqlite" else cast(list(asset_ids), ARRAY(BigInteger))
        return await grouped.read(
            connection,
            lambda _, after, before: points_of_each(kind, listed, span, COLUMNS, wanted, after, before),
            asset_ids,
            wanted,
            lambda asset_id: ordering(asset_history.c.at, asset_history.c.id, asset_id, span),
        )
    query, columns = points(kind, span, asset_history.c.asset_id.in_(asset_ids))
    return await grouped.fetch(
        connection,
        query,
        columns.asset_id,
        asset_ids,
        wanted,
        lambda asset_id: ordering(columns.at, columns.id, asset_id, span),
    )


async def counts(connection: AsyncConnection, asset_ids: Sequence[int], span: Span) -> dict[int, int]:
    """How many points each asset has in the span."""
    query, columns = points(connection.dialect.name, span, asset_history.c.asset_id.in_(asset_ids))
    return await grouped.count(connection, query, columns.asset_id, asset_ids)


def ordering(at: ColumnElement[Any], point_id: ColumnElement[int], asset_id: int, span: Span) -> Ordering:
    return Ordering((Term(at),), point_id, repr(("history", asset_id, span)))


def points(
    kind: str, span: Span, of_assets: ColumnElement[bool], names: Collection[str] = COLUMNS
) -> tuple[AnySelect, Any]:
    """The points of the span with these columns, and the columns to order and group them by. `span` may hold
    parameters instead of moments."""
    table = asset_history.c
    conditions = (of_assets, *_within(span, table))
    if span.interval == "all":
        return select(*(table[name] for name in names)).where(*conditions), table
    newest_first = func.row_number().over(
        partition_by=(table.asset_id, bucket(kind, span.interval, table.at)),
        order_by=(table.at.desc(), table.id.desc()),
    )
    read = ("id", "asset_id", *COLUMNS)
    inner = select(*(table[name] for name in read), newest_first.label("place")).where(*conditions).subquery()
    return select(*(inner.c[name] for name in names)).where(inner.c.place == 1), inner.c


def points_of_each(
    kind: str,
    asset_ids: Any,
    span: Span,
    names: Collection[str],
    wanted: Slice,
    after: Key | None = None,
    before: Key | None = None,
) -> AnySelect:
    """The first points of each asset in the direction of travel, one more than wanted; no others are looked at, however
    many there are. For spans that thin out nothing.

    `asset_ids` is an array, or on SQLite its JSON. Behind the columns come `parent` and the sort key.
    """
    each = _each(kind, asset_ids)
    table = asset_history if kind == "postgresql" else asset_history.alias("sought")
    terms = (Term(table.c.at), Term(table.c.id))
    held = (table.c.asset_id == each.c.value, *_within(span, table.c), *keyset.between(terms, after, before))
    sorting = keyset.sorting(terms, backward=wanted.backward)
    found: FromClause
    if kind == "postgresql":
        read = select(table).where(*held).order_by(*sorting).limit(wanted.limit + 1)
        found = read.lateral("found")
        both = each.join(found, true())
    else:
        # No LATERAL, but rows are found by their ids as quickly.
        sought = select(table.c.id).where(*held).order_by(*sorting).limit(wanted.limit + 1).correlate(each)
        found = asset_history
        both = each.join(found, found.c.id.in_(sought))
    columns = found.c
    key = (columns.at.label("key_0"), columns.id.label("key_1"))
    query = select(*(columns[name] for name in names), columns.asset_id.label("parent"), *key).select_from(both)
    return query.order_by(
        columns.asset_id, *keyset.sorting((Term(columns.at), Term(columns.id)), backward=wanted.backward)
    )


def _each(kind: str, asset_ids: Any) -> TableValuedAlias:
    if kind == "postgresql":
        return func.unnest(asset_ids).table_valued(column("value", BigInteger), name="each").render_derived()
    return func.json_each(asset_ids).table_valued(column("value", BigInteger), name="each")


def _within(span: Span, table: Any) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if span.start is not None:
        conditions.append(table.at >= span.start)
    if span.end is not None:
        conditions.append(table.at < span.end)
    if span.known_at is not None:
        conditions.append(table.recorded_at <= span.known_at)
    return conditions

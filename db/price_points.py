"""Reading price history. Writing is in `history`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import grouped, keyset
from db.keyset import AnySelect, Ordering, Page, Slice, Term
from db.tables import asset_history

Interval = Literal["all", "hour", "day", "week"]
_COLUMNS = ("at", "price_usd", "market_cap_usd", "volume_24h_usd", "rank")
# SQLite keeps times as fixed-width text, so an hour is a prefix. Weeks start on Monday, as PostgreSQL's do.
_SQLITE_BUCKETS: dict[str, Any] = {
    "hour": lambda at: func.substr(at, 1, 13),
    "day": lambda at: func.substr(at, 1, 10),
    "week": lambda at: func.date(func.substr(at, 1, 10), "weekday 0", "-6 days"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """From (inclusive) to (exclusive), one point an interval: the last one."""

    start: datetime | None = None
    end: datetime | None = None
    interval: Interval = "all"


def check(asset_id: int, span: Span, wanted: Slice) -> None:
    """Raise InvalidCursor unless the slice's cursors were taken from this very list."""
    keyset.keys(_ordering(asset_history.c.at, asset_history.c.id, asset_id, span), wanted)


async def pages(connection: AsyncConnection, asset_ids: Sequence[int], span: Span, wanted: Slice) -> dict[int, Page]:
    """The same slice of each asset's points in the span, oldest first. Raises InvalidCursor."""
    query, columns = _points(connection, span, asset_ids)
    return await grouped.fetch(
        connection,
        query,
        columns.asset_id,
        asset_ids,
        wanted,
        lambda asset_id: _ordering(columns.at, columns.id, asset_id, span),
    )


async def counts(connection: AsyncConnection, asset_ids: Sequence[int], span: Span) -> dict[int, int]:
    """How many points each asset has in the span."""
    query, columns = _points(connection, span, asset_ids)
    return await grouped.count(connection, query, columns.asset_id, asset_ids)


def _ordering(at: ColumnElement[Any], point_id: ColumnElement[int], asset_id: int, span: Span) -> Ordering:
    return Ordering((Term(at),), point_id, repr(("history", asset_id, span)))


def _points(connection: AsyncConnection, span: Span, asset_ids: Sequence[int]) -> tuple[AnySelect, Any]:
    """The points of the span, and the columns to order and group them by."""
    table = asset_history.c
    conditions: list[ColumnElement[bool]] = [table.asset_id.in_(asset_ids)]
    if span.start is not None:
        conditions.append(table.at >= span.start)
    if span.end is not None:
        conditions.append(table.at < span.end)
    if span.interval == "all":
        return select(*(table[name] for name in _COLUMNS)).where(*conditions), table
    newest_first = func.row_number().over(
        partition_by=(table.asset_id, _bucket(connection, span.interval)), order_by=(table.at.desc(), table.id.desc())
    )
    names = ("id", "asset_id", *_COLUMNS)
    inner = select(*(table[name] for name in names), newest_first.label("place")).where(*conditions).subquery()
    return select(*(inner.c[name] for name in _COLUMNS)).where(inner.c.place == 1), inner.c


def _bucket(connection: AsyncConnection, interval: Interval) -> ColumnElement[Any]:
    at = asset_history.c.at
    if connection.dialect.name == "sqlite":
        bucket: ColumnElement[Any] = _SQLITE_BUCKETS[interval](at)
        return bucket
    return func.date_trunc(interval, at, "UTC")

"""Reading price history. Writing is in `history`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import grouped, keyset
from db.buckets import Bucket, bucket
from db.keyset import AnySelect, Ordering, Page, Slice, Term
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
    query, columns = points(connection.dialect.name, span, asset_history.c.asset_id.in_(asset_ids))
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
    conditions = [of_assets]
    if span.start is not None:
        conditions.append(table.at >= span.start)
    if span.end is not None:
        conditions.append(table.at < span.end)
    if span.known_at is not None:
        conditions.append(table.recorded_at <= span.known_at)
    if span.interval == "all":
        return select(*(table[name] for name in names)).where(*conditions), table
    newest_first = func.row_number().over(
        partition_by=(table.asset_id, bucket(kind, span.interval, table.at)),
        order_by=(table.at.desc(), table.id.desc()),
    )
    read = ("id", "asset_id", *COLUMNS)
    inner = select(*(table[name] for name in read), newest_first.label("place")).where(*conditions).subquery()
    return select(*(inner.c[name] for name in names)).where(inner.c.place == 1), inner.c

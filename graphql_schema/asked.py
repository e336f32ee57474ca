"""What the arguments of the lists ask for, for resolvers and for plans."""

from datetime import datetime
from typing import cast

from strawberry import UNSET

from db.catalog import Listing
from db.coin_catalog import CoinListing
from db.filters import Condition
from db.keyset import Slice
from db.price_points import Interval, Span
from graphql_schema import filters, pagination
from graphql_schema.asset_filter import AssetFilter, AssetOrder
from graphql_schema.coin_filter import CoinFilter, CoinOrder
from graphql_schema.enums import HistoryInterval
from graphql_schema.fields import given
from graphql_schema.filters import RunFilter


def assets(
    first: int | None = UNSET,
    after: str | None = UNSET,
    last: int | None = UNSET,
    before: str | None = UNSET,
    search: str | None = UNSET,
    filter: AssetFilter | None = UNSET,  # noqa: A002
    order_by: list[AssetOrder] | None = UNSET,
    as_of: datetime | None = UNSET,
) -> tuple[Listing, Slice]:
    """Which assets, and which part of their list. Raises BAD_USER_INPUT."""
    wanted = pagination.slice_of(first, after, last, before)
    condition = filters.condition_of(filter)
    return Listing(condition, search or "", filters.orders_of(order_by), given(as_of)), wanted


def coins(
    first: int | None = UNSET,
    after: str | None = UNSET,
    last: int | None = UNSET,
    before: str | None = UNSET,
    search: str | None = UNSET,
    filter: CoinFilter | None = UNSET,  # noqa: A002
    order_by: list[CoinOrder] | None = UNSET,
) -> tuple[CoinListing, Slice]:
    """Which coins, and which part of their list. Raises BAD_USER_INPUT."""
    wanted = pagination.slice_of(first, after, last, before)
    return CoinListing(filters.condition_of(filter), search or "", filters.orders_of(order_by)), wanted


def runs(
    first: int | None = UNSET,
    after: str | None = UNSET,
    last: int | None = UNSET,
    before: str | None = UNSET,
    filter: RunFilter | None = UNSET,  # noqa: A002
) -> tuple[Condition | None, Slice]:
    """Which runs, and which part of their list. Raises BAD_USER_INPUT."""
    wanted = pagination.slice_of(first, after, last, before)
    return filters.run_condition(filter), wanted


def history(
    from_: datetime | None = UNSET,
    to: datetime | None = UNSET,
    interval: HistoryInterval | None = HistoryInterval.ALL,
    first: int | None = UNSET,
    after: str | None = UNSET,
    last: int | None = UNSET,
    before: str | None = UNSET,
    *,
    known_at: datetime | None = None,
) -> tuple[Span, Slice]:
    """Which points of an asset, and which part of their list. Raises BAD_USER_INPUT."""
    wanted = pagination.slice_of(first, after, last, before)
    density = cast("Interval", (interval or HistoryInterval.ALL).value)
    return Span(given(from_), given(to), density, known_at), wanted

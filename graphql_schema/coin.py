"""Coins: one coin, whatever the source. Announced, so that clients can be built; nothing groups assets yet.

Until then `coin` and `Asset.coin` are null, `coins` is empty, links are refused as NOT_AVAILABLE, and `asOf`, which
comes with the same work, is bad input.
"""

from enum import Enum
from typing import Annotated

import strawberry
from strawberry import UNSET, enum_value

from db.errors import InvalidCursor
from graphql_schema import pagination
from graphql_schema.as_of import AsOf, refuse_as_of
from graphql_schema.asset import Asset
from graphql_schema.context import Info
from graphql_schema.enums import Direction
from graphql_schema.fields import optional
from graphql_schema.filters import FloatFilter, IntFilter, StringFilter
from graphql_schema.node import Node
from graphql_schema.operations import Problem
from graphql_schema.pagination import Connection, Entries

NOT_AVAILABLE = Problem("NOT_AVAILABLE", "assets are not grouped into coins yet")


@strawberry.type(description="What one source says of a coin.")
class CoinAsset:
    """A link between a coin and an asset."""

    asset: Asset = strawberry.field(description="The coin as this source reports it.")
    confidence: float = strawberry.field(description="How sure it is that this is the coin, 0 to 1.")
    evidence: list[str] = strawberry.field(description="Why it is taken for the coin, for people.")
    linked_by: str = strawberry.field(description="`automatic`, or `manual` for a link made by hand.")
    fresh: bool = strawberry.field(description="Whether its figures are recent enough to count for the consensus.")


@strawberry.type(description="One coin, whatever the source. Coins are not served yet.")
class Coin(Node):
    """The assets that are the same coin."""

    slug: str = strawberry.field(description="Readable name, unique over all coins.")
    symbol: str = strawberry.field(description="Ticker symbol. Not unique.")
    name: str = strawberry.field(description="Name.")
    rank: int | None = strawberry.field(description="Rank by market value, 1 is the largest.")
    price_usd: float | None = strawberry.field(description="Consensus: the median of the fresh sources' prices.")
    divergence_percent: float | None = strawberry.field(
        description="Largest distance of a fresh source's price from the consensus, in percent of it."
    )
    market_cap_usd: float | None = strawberry.field(description="Market value in US dollars.")
    assets: list[CoinAsset] = strawberry.field(description="Each source's figures, side by side.")


@strawberry.input(description="Which coins. All that is given must hold.")
class CoinFilter:
    symbol: StringFilter | None = optional("Ticker symbol.")
    name: StringFilter | None = optional("Name.")
    slug: StringFilter | None = optional("Readable name.")
    rank: IntFilter | None = optional("Rank by market value.")
    price_usd: FloatFilter | None = optional("Consensus price in US dollars.")
    divergence_percent: FloatFilter | None = optional("Largest distance from the consensus, in percent.")
    and_: list["CoinFilter"] | None = optional("All of these hold; an empty list always does.", "and")
    or_: list["CoinFilter"] | None = optional("One of these holds; an empty list never does.", "or")
    not_: "CoinFilter | None" = optional("This does not hold.", "not")


@strawberry.enum(description="What coins can be sorted by. Text sorts by its case-folded form.")
class CoinOrderField(Enum):
    RANK = enum_value("rank", description="Rank by market value, 1 is the largest coin.")
    NAME = enum_value("name", description="Name.")
    SYMBOL = enum_value("symbol", description="Ticker symbol.")
    PRICE_USD = enum_value("price_usd", description="Consensus price.")
    MARKET_CAP_USD = enum_value("market_cap_usd", description="Market value.")
    DIVERGENCE = enum_value("divergence_percent", description="Largest distance from the consensus.")
    ID = enum_value("id", description="Order of first appearance.")


@strawberry.input(description="A criterion to sort coins by. Ties are broken by the next one, and at last by id.")
class CoinOrder:
    field: CoinOrderField = strawberry.field(description="What to sort by.")
    direction: Direction | None = strawberry.field(default=Direction.ASC, description="Which way.")


def coins(
    info: Info,
    first: pagination.First = UNSET,
    after: pagination.After = UNSET,
    last: pagination.Last = UNSET,
    before: pagination.Before = UNSET,
    search: Annotated[str | None, strawberry.argument(description="Text in the symbol, name or slug.")] = UNSET,
    filter: Annotated[CoinFilter | None, strawberry.argument(description="Which coins.")] = UNSET,  # noqa: A002
    order_by: Annotated[list[CoinOrder] | None, strawberry.argument(description="In which order.")] = UNSET,
) -> Connection[Coin]:
    """Resolves Query.coins."""
    wanted = pagination.slice_of(first, after, last, before)
    if wanted.after is not None or wanted.before is not None:
        raise InvalidCursor("the cursor is of another list: this one has no entries yet")
    return Connection(entries=Entries(), count=_none)


def coin(
    info: Info,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="Its global id.")] = UNSET,  # noqa: A002
    slug: Annotated[str | None, strawberry.argument(description="Its readable name.")] = UNSET,
    as_of: AsOf = UNSET,
) -> Coin | None:
    """Resolves Query.coin."""
    refuse_as_of(as_of)
    return None


async def _none() -> int:
    return 0

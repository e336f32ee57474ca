"""Which coins, and in which order, as clients write it."""

from enum import Enum

import strawberry
from strawberry import enum_value

from graphql_schema.enums import Direction
from graphql_schema.fields import optional
from graphql_schema.filters import FloatFilter, IntFilter, StringFilter


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
    ID = enum_value("id", description="Its id: an order that never changes, and means nothing.")


@strawberry.input(description="A criterion to sort coins by. Ties are broken by the next one, and at last by id.")
class CoinOrder:
    field: CoinOrderField = strawberry.field(description="What to sort by.")
    direction: Direction | None = strawberry.field(default=Direction.ASC, description="Which way.")

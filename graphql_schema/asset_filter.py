"""Which assets, and in which order, as clients write it."""

import strawberry

from graphql_schema.enums import AssetOrderField, Direction
from graphql_schema.fields import optional
from graphql_schema.filters import DateTimeFilter, FloatFilter, IDFilter, IntFilter, StringFilter


@strawberry.input(
    description="Which assets. All that is given must hold. A comparison with an unknown value is false, "
    "so that `not` is the exact complement."
)
class AssetFilter:
    id: IDFilter | None = optional("Global id.")
    source: StringFilter | None = optional("Name of the source.")
    external_id: StringFilter | None = optional("The source's own id.")
    symbol: StringFilter | None = optional("Ticker symbol.")
    name: StringFilter | None = optional("Name.")
    rank: IntFilter | None = optional("Rank by market value.")
    price_usd: FloatFilter | None = optional("Price in US dollars.")
    market_cap_usd: FloatFilter | None = optional("Market value in US dollars.")
    volume_24h_usd: FloatFilter | None = optional("Trading volume of 24 hours in US dollars.", "volume24hUsd")
    percent_change_24h: FloatFilter | None = optional(
        "Change of the price in 24 hours, in percent.", "percentChange24h"
    )
    last_updated: DateTimeFilter | None = optional("When the source last changed the figures.")
    and_: list["AssetFilter"] | None = optional("All of these hold; an empty list always does.", "and")
    or_: list["AssetFilter"] | None = optional("One of these holds; an empty list never does.", "or")
    not_: "AssetFilter | None" = optional("This does not hold.", "not")


@strawberry.input(description="A criterion to sort assets by. Ties are broken by the next one, and at last by id.")
class AssetOrder:
    field: AssetOrderField = strawberry.field(description="What to sort by.")
    direction: Direction | None = strawberry.field(default=Direction.ASC, description="Which way.")

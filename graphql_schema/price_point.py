"""Price history of an asset."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from db.keyset import AnyRow

From = Annotated[datetime | None, strawberry.argument(name="from", description="The first moment, inclusive.")]
To = Annotated[datetime | None, strawberry.argument(description="The end, exclusive.")]


@strawberry.type(description="An asset's figures from one moment on, until the next point.")
class PricePoint:
    """A row of asset_history."""

    at: datetime = strawberry.field(description="The upstream's time of the figures, or when they were read.")
    price_usd: float | None = strawberry.field(description="Price in US dollars.")
    market_cap_usd: float | None = strawberry.field(description="Market value in US dollars.")
    volume_24h_usd: float | None = strawberry.field(
        name="volume24hUsd", description="Trading volume of the 24 hours before, in US dollars."
    )
    rank: int | None = strawberry.field(description="Rank by market value.")

    @classmethod
    def from_row(cls, row: AnyRow) -> Self:
        return cls(
            at=row.at,
            price_usd=row.price_usd,
            market_cap_usd=row.market_cap_usd,
            volume_24h_usd=row.volume_24h_usd,
            rank=row.rank,
        )

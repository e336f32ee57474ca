"""Price history of an asset."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from db.keyset import AnyRow
from graphql_schema.batch import Batch
from graphql_schema.context import Info
from graphql_schema.fields import described
from graphql_schema.raw_record import RawRecord
from graphql_schema.run import Run

From = Annotated[datetime | None, strawberry.argument(name="from", description="The first moment, inclusive.")]
To = Annotated[datetime | None, strawberry.argument(description="The end, exclusive.")]


@strawberry.type(description="An asset's figures from one moment on, until the next point.")
class PricePoint:
    """A row of asset_history."""

    source: strawberry.Private[str]
    version_id: strawberry.Private[str]
    run_id: strawberry.Private[int]
    at: datetime = strawberry.field(description="The upstream's time of the figures, or when they were read.")
    price_usd: float | None = strawberry.field(description="Price in US dollars.")
    market_cap_usd: float | None = strawberry.field(description="Market value in US dollars.")
    volume_24h_usd: float | None = strawberry.field(
        name="volume24hUsd", description="Trading volume of the 24 hours before, in US dollars."
    )
    rank: int | None = strawberry.field(description="Rank by market value.")
    recorded_at: datetime = strawberry.field(description="When it was stored; `asOf` goes by this time.")

    @classmethod
    def from_row(cls, row: AnyRow, source: str) -> Self:
        return cls(
            source=source,
            version_id=row.record_id,
            run_id=row.run_id,
            recorded_at=row.recorded_at,
            at=row.at,
            price_usd=row.price_usd,
            market_cap_usd=row.market_cap_usd,
            volume_24h_usd=row.volume_24h_usd,
            rank=row.rank,
        )

    @described("The record that the figures come from, as received; null once it is forgotten.")
    async def raw(self, info: Info) -> RawRecord | None:
        return RawRecord.from_optional(await info.context.loaders.raw_by_key.load((self.source, self.version_id)))

    @described("The run that stored the point.")
    async def run(self, info: Info) -> Run | None:
        return Run.from_optional(await info.context.loaders.run_by_id.load(self.run_id))

    @described("The batch that the point was stored with; null once the journal of that time is forgotten.")
    async def batch(self, info: Info) -> Batch | None:
        return Batch.from_optional(await info.context.loaders.batch_of.load((self.run_id, self.recorded_at)))

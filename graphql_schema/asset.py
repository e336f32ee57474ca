"""Assets: coins, each as one source reports it."""

from datetime import datetime
from typing import Annotated, Self, cast

import strawberry
from strawberry import UNSET
from strawberry.types.lazy_type import LazyType

from db import price_points
from db.keyset import AnyRow
from db.price_points import Interval, Span
from graphql_schema import ids, pagination
from graphql_schema.context import Info
from graphql_schema.enums import HistoryInterval
from graphql_schema.fields import described, given
from graphql_schema.node import Node
from graphql_schema.pagination import Connection, Entries
from graphql_schema.price_point import From, PricePoint, To
from graphql_schema.raw_record import RawRecord
from graphql_schema.run import Run

IntervalArgument = Annotated[HistoryInterval | None, strawberry.argument(description="How dense the points are.")]


@strawberry.type(description="One asset as one source reports it. Null means that the source does not know.")
class Asset(Node):
    """A row of assets."""

    row_id: strawberry.Private[int]
    version_id: strawberry.Private[str]
    run_id: strawberry.Private[int]
    source: str = strawberry.field(description="Name of the source.")
    external_id: str = strawberry.field(description="The source's own id of the asset.")
    symbol: str = strawberry.field(description="Ticker symbol as the source writes it. Not unique.")
    name: str = strawberry.field(description="Name as the source writes it.")
    rank: int | None = strawberry.field(description="Rank by market value, 1 is the largest.")
    price_usd: float | None = strawberry.field(description="Price in US dollars.")
    market_cap_usd: float | None = strawberry.field(description="Market value in US dollars.")
    volume_24h_usd: float | None = strawberry.field(
        name="volume24hUsd", description="Trading volume of the last 24 hours, in US dollars."
    )
    percent_change_1h: float | None = strawberry.field(
        name="percentChange1h", description="Change of the price in an hour; 1.5 means 1.5 %."
    )
    percent_change_24h: float | None = strawberry.field(
        name="percentChange24h", description="Change of the price in 24 hours; 1.5 means 1.5 %."
    )
    percent_change_7d: float | None = strawberry.field(
        name="percentChange7d", description="Change of the price in 7 days; 1.5 means 1.5 %."
    )
    circulating_supply: float | None = strawberry.field(description="Coins in circulation.")
    total_supply: float | None = strawberry.field(description="Coins that exist.")
    max_supply: float | None = strawberry.field(description="Coins that will ever exist.")
    ath_usd: float | None = strawberry.field(description="Highest price ever, in US dollars.")
    ath_at: datetime | None = strawberry.field(description="When the price was highest.")
    last_updated: datetime | None = strawberry.field(description="When the source last changed the figures.")
    first_seen_at: datetime = strawberry.field(description="When the asset was first stored.")
    updated_at: datetime = strawberry.field(description="When the asset was last written.")

    @classmethod
    def from_row(cls, row: AnyRow) -> Self:
        return cls(
            id=ids.encode("Asset", row.id),
            row_id=row.id,
            version_id=row.record_id,
            run_id=row.run_id,
            source=row.source,
            external_id=row.external_id,
            symbol=row.symbol,
            name=row.name,
            rank=row.rank,
            price_usd=row.price_usd,
            market_cap_usd=row.market_cap_usd,
            volume_24h_usd=row.volume_24h_usd,
            percent_change_1h=row.percent_change_1h,
            percent_change_24h=row.percent_change_24h,
            percent_change_7d=row.percent_change_7d,
            circulating_supply=row.circulating_supply,
            total_supply=row.total_supply,
            max_supply=row.max_supply,
            ath_usd=row.ath_usd,
            ath_at=row.ath_at,
            last_updated=row.last_updated,
            first_seen_at=row.first_seen_at,
            updated_at=row.updated_at,
        )

    @classmethod
    def from_optional(cls, row: AnyRow | None) -> Self | None:
        return None if row is None else cls.from_row(row)

    # Coins know their assets, so this way round the type has to be named.
    coin: Node | None = strawberry.field(
        resolver=lambda: None,
        description="The coin it is, whatever the source. Null: coins are not served yet.",
        graphql_type=LazyType("Coin", "graphql_schema.coin") | None,
    )

    @described("The record that the figures come from, as received.")
    async def raw(self, info: Info) -> RawRecord | None:
        stored = await info.context.loaders.raw_by_key.load((self.source, self.version_id))
        return None if stored is None else RawRecord.from_stored(stored)

    @described("The run that last wrote the asset.")
    async def last_run(self, info: Info) -> Run | None:
        return Run.from_optional(await info.context.loaders.run_by_id.load(self.run_id))

    @described("How price, market value, volume and rank changed, oldest first; only changes are kept.")
    async def history(
        self,
        info: Info,
        from_: From = UNSET,
        to: To = UNSET,
        interval: IntervalArgument = HistoryInterval.ALL,
        first: pagination.First = UNSET,
        after: pagination.After = UNSET,
        last: pagination.Last = UNSET,
        before: pagination.Before = UNSET,
    ) -> Connection[PricePoint]:
        wanted = pagination.slice_of(first, after, last, before)
        span = Span(given(from_), given(to), cast("Interval", (interval or HistoryInterval.ALL).value))
        price_points.check(self.row_id, span, wanted)
        loaders = info.context.loaders
        entries: Entries[PricePoint] = Entries()
        if pagination.wants_page(info):
            page = await loaders.points.load((self.row_id, (span, wanted)))
            entries = Entries.of(page, [PricePoint.from_row(row) for row in page.rows])
        return Connection(entries=entries, count=lambda: loaders.point_count.load((self.row_id, span)))

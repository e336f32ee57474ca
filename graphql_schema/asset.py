"""Assets: coins, each as one source reports it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry import UNSET
from strawberry.types import get_object_definition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType
from strawberry.utils.str_converters import to_camel_case

from db import catalog, price_points
from db.keyset import AnyRow
from graphql_schema import asked, coin_figures, ids, pagination
from graphql_schema.batch import Batch
from graphql_schema.coin_figures import CoinFigures
from graphql_schema.context import Info
from graphql_schema.enums import HistoryInterval
from graphql_schema.fields import described
from graphql_schema.node import Node
from graphql_schema.pagination import Connection, Entries
from graphql_schema.price_point import From, PricePoint, To
from graphql_schema.raw_record import RawRecord
from graphql_schema.run import Run

# What fields with a resolver need beside the id.
_NEEDED: dict[str, Sequence[str]] = {
    "raw": ("source", "record_id"),
    "lastRun": ("run_id",),
    "batch": ("run_id", "updated_at"),
    "coin": (),
    "history": ("source",),
}

IntervalArgument = Annotated[HistoryInterval | None, strawberry.argument(description="How dense the points are.")]


@strawberry.type(description="One asset as one source reports it. Null means that the source does not know.")
class Asset(Node):
    """A row of assets."""

    row_id: strawberry.Private[int]
    as_of: strawberry.Private[datetime | None]
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
    def from_row(cls, row: AnyRow, as_of: datetime | None = None) -> Self:
        """The row may lack columns that no selected field needs (see `columns_for`); their attributes are then None.

        `as_of` is the moment the row is of; None is now.
        """
        found = dict(row._mapping)
        values: dict[str, Any] = {name: found.get(column) for name, column in _COLUMNS.items()}
        return cls(id=ids.encode("Asset", row.id), row_id=row.id, as_of=as_of, **values)

    @classmethod
    def from_optional(cls, row: AnyRow | None, as_of: datetime | None = None) -> Self | None:
        return None if row is None else cls.from_row(row, as_of)

    async def _coin(self, info: Info) -> CoinFigures | None:
        loaders = info.context.loaders
        return await coin_figures.at(loaders, await loaders.coin_of_asset.load(self.row_id), self.as_of)

    # Coins know their assets, so this way round the type has to be named.
    coin: CoinFigures | None = strawberry.field(
        resolver=_coin,
        description="The coin it is, whatever the source; null until assets are linked, right behind a run's end.",
        graphql_type=LazyType("Coin", "graphql_schema.coin") | None,
    )

    @described("The record that the figures come from, as received.")
    async def raw(self, info: Info) -> RawRecord | None:
        return RawRecord.from_optional(await info.context.loaders.raw_by_key.load((self.source, self.version_id)))

    @described("The run that last wrote the asset.")
    async def last_run(self, info: Info) -> Run | None:
        return Run.from_optional(await info.context.loaders.run_by_id.load(self.run_id))

    @described("The batch that last wrote the asset; null once the journal of that time is forgotten.")
    async def batch(self, info: Info) -> Batch | None:
        return Batch.from_optional(await info.context.loaders.batch_of.load((self.run_id, self.updated_at)))

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
        span, wanted = asked.history(from_, to, interval, first, after, last, before, known_at=self.as_of)
        price_points.check(self.row_id, span, wanted)
        loaders = info.context.loaders
        entries: Entries[PricePoint] = Entries()
        if pagination.wants_page(info.selected()):
            page = await loaders.points.load((self.row_id, (span, wanted)))
            entries = Entries.of(page, [PricePoint.from_row(row, self.source) for row in page.rows])
        return Connection(entries=entries, count=lambda: loaders.point_count.load((self.row_id, span)))


def columns_for(selected: Iterable[str]) -> tuple[str, ...]:
    """The columns to read for these fields of an asset, always in one order. Names it does not know cost nothing."""
    wanted = {"id"}.union(*(_READ_FOR.get(name, ()) for name in selected))
    return tuple(column for column in catalog.COLUMNS if column in wanted)


def columns_for_connection(selected: Iterable[str]) -> tuple[str, ...]:
    """The same for a connection of assets, of whose selection these are the dotted names."""
    fields = [name.removeprefix("edges.node.").removeprefix("nodes.") for name in selected]
    return columns_for(name for name in fields if "." not in name)


def _columns() -> dict[str, str]:
    """Attributes of an asset that are columns of its row."""
    stored = {field.python_name: field.python_name for field in _fields() if field.base_resolver is None}
    del stored["id"]
    return {"version_id": "record_id", "run_id": "run_id", **stored}


def _read_for() -> dict[str, Sequence[str]]:
    """The columns that each field needs, by the field's name in the graph."""
    return {
        field.graphql_name or to_camel_case(field.python_name): (field.python_name,)
        if field.base_resolver is None
        else _NEEDED.get(to_camel_case(field.python_name), catalog.COLUMNS)
        for field in _fields()
    }


def _fields() -> list[StrawberryField]:
    return get_object_definition(Asset, strict=True).fields


_COLUMNS = _columns()
_READ_FOR = _read_for()

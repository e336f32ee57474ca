"""Coins: one coin, whatever the source, with each source's figures side by side."""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from graphql import GraphQLResolveInfo
from strawberry import UNSET

from db import coin_catalog
from db.coin_catalog import Membership
from db.keyset import AnyRow
from graphql_schema import asked, coin_figures, ids, pagination
from graphql_schema.as_of import CoinAsOf
from graphql_schema.asset import Asset, columns_for
from graphql_schema.coin_figures import CoinFigures
from graphql_schema.coin_filter import CoinFilter, CoinOrder
from graphql_schema.context import Info
from graphql_schema.errors import bad_input
from graphql_schema.fields import described, given
from graphql_schema.node import Node
from graphql_schema.pagination import Connection, Entries


@strawberry.type(description="What one source says of a coin.")
class CoinAsset:
    """A link between a coin and an asset."""

    asset_id: strawberry.Private[int]
    as_of: strawberry.Private[datetime | None]

    @described("The coin as this source reports it.")
    async def asset(self, info: Info) -> Asset:
        columns = columns_for(info.selected(depth=1))
        row = await info.context.loaders.asset_by_id.load((self.asset_id, (columns, self.as_of)))
        if row is None:
            raise LookupError(f"asset {self.asset_id} is a coin's, and is not there")
        return Asset.from_row(row, self.as_of)

    confidence: float = strawberry.field(description="How sure it is that this is the coin, 0 to 1.")
    evidence: list[str] = strawberry.field(description="Why it is taken for the coin, for people.")
    linked_by: str = strawberry.field(description="`automatic`, or `manual` for a link made by hand.")
    fresh: bool = strawberry.field(description="Whether its figures are recent enough to count for the consensus.")

    @classmethod
    def of(cls, member: Membership, as_of: datetime | None) -> Self:
        return cls(
            asset_id=member.asset_id,
            as_of=as_of,
            confidence=member.confidence,
            evidence=list(member.evidence),
            linked_by="manual" if member.manual else "automatic",
            fresh=member.fresh,
        )


@strawberry.type(description="One coin, whatever the source. Figures are the sources' consensus.")
class Coin(Node):
    """The assets that are the same coin."""

    row_id: strawberry.Private[int]
    as_of: strawberry.Private[datetime | None]
    members: strawberry.Private[tuple[Membership, ...]]
    slug: str = strawberry.field(description="Readable name, unique over all coins.")
    symbol: str = strawberry.field(description="Ticker symbol. Not unique.")
    name: str = strawberry.field(description="Name.")
    rank: int | None = strawberry.field(description="Rank by market value, 1 is the largest: the first fresh source's.")
    price_usd: float | None = strawberry.field(description="Consensus: the median of the fresh sources' prices.")
    divergence_percent: float | None = strawberry.field(
        description="Largest distance of a fresh source's price from the consensus, in percent of it."
    )
    market_cap_usd: float | None = strawberry.field(
        description="Market value in US dollars: the median of the fresh sources' values."
    )

    @described("Each source's figures, side by side.")
    async def assets(self, info: Info) -> list[CoinAsset]:
        # Of an earlier moment they are known; of now, they are read here.
        members = self.members or await info.context.loaders.coin_members.load(self.row_id) or ()
        return [CoinAsset.of(member, self.as_of) for member in members]

    @classmethod
    def is_type_of(cls, value: Any, _info: GraphQLResolveInfo[Any]) -> bool:
        """`Asset` can't make a Coin, since a coin leads to assets; what it makes has the same attributes."""
        return isinstance(value, cls | CoinFigures)

    @classmethod
    def from_figures(cls, figures: CoinFigures) -> Self:
        return cls(**{name: getattr(figures, name) for name in figures.__slots__})

    @classmethod
    async def found(cls, info: Info, row: AnyRow | None, as_of: datetime | None) -> Self | None:
        """The coin of a row at a moment; None is now."""
        figures = await coin_figures.at(info.context.loaders, row, as_of)
        return None if figures is None else cls.from_figures(figures)


async def coins(
    info: Info,
    first: pagination.First = UNSET,
    after: pagination.After = UNSET,
    last: pagination.Last = UNSET,
    before: pagination.Before = UNSET,
    search: Annotated[
        str | None,
        strawberry.argument(
            description="Text in the symbol, name or slug, whatever the case; one or two letters at the beginning."
        ),
    ] = UNSET,
    filter: Annotated[CoinFilter | None, strawberry.argument(description="Which coins.")] = UNSET,  # noqa: A002
    order_by: Annotated[list[CoinOrder] | None, strawberry.argument(description="In which order.")] = UNSET,
) -> Connection[Coin]:
    """Resolves Query.coins."""
    listing, wanted = asked.coins(first, after, last, before, search, filter, order_by)
    coin_catalog.check(listing, wanted)
    database = info.context.database
    entries: Entries[Coin] = Entries()
    if pagination.wants_page(info.selected()):
        both_ends = pagination.wants_both_ends(info.selected(), wanted)
        async with database.read() as connection:
            page = await coin_catalog.page(connection, listing, wanted, both_ends=both_ends)
        entries = Entries.of(page, [Coin.from_figures(coin_figures.of_row(row)) for row in page.rows])

    async def count() -> int:
        async with database.read() as connection:
            return await coin_catalog.count(connection, listing)

    return Connection(entries=entries, count=count)


async def coin(
    info: Info,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="Its global id.")] = UNSET,  # noqa: A002
    slug: Annotated[str | None, strawberry.argument(description="Its readable name.")] = UNSET,
    as_of: CoinAsOf = UNSET,
) -> Coin | None:
    """Resolves Query.coin."""
    loaders = info.context.loaders
    match given(id), given(slug):
        case str(global_id), None:
            row = await loaders.coin_by_id.load(ids.require_row_id("Coin", global_id))
        case None, str(name):
            row = await loaders.coin_by_slug.load(name)
        case _:
            raise bad_input("give either `id` or `slug`")
    return await Coin.found(info, row, given(as_of))

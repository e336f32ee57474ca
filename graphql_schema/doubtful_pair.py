"""Pairs of assets that may be one coin: what a person is asked to decide."""

from typing import Self

import strawberry
from strawberry import UNSET

from db import doubts
from db.keyset import AnyRow
from graphql_schema import pagination
from graphql_schema.asset import Asset, columns_for
from graphql_schema.context import Info
from graphql_schema.fields import described
from graphql_schema.pagination import Connection, Entries


@strawberry.type(description="Two assets that may be one coin and are not linked: `linkAssets` or `keepApart` decide.")
class DoubtfulPair:
    """A row of coin_pairs with a doubt."""

    asset_ids: strawberry.Private[tuple[int, int]]
    score: float = strawberry.field(description="How probable it is that they are one coin, 0 to 1.")
    why: str = strawberry.field(description="Why they are not linked, for people.")
    evidence: list[str] = strawberry.field(description="What speaks for it and against it, for people.")

    @classmethod
    def from_row(cls, row: AnyRow) -> Self:
        return cls(
            asset_ids=(row.one_id, row.other_id), score=row.score, why=row.doubt, evidence=doubts.evidence_of(row)
        )

    @described("The two assets.")
    async def assets(self, info: Info) -> list[Asset]:
        columns = columns_for(info.selected(depth=1))
        wanted = [(asset_id, (columns, None)) for asset_id in self.asset_ids]
        return [Asset.from_row(row) for row in await info.context.loaders.asset_by_id.load_many(wanted) if row]


async def doubtful_pairs(
    info: Info,
    first: pagination.First = UNSET,
    after: pagination.After = UNSET,
    last: pagination.Last = UNSET,
    before: pagination.Before = UNSET,
) -> Connection[DoubtfulPair]:
    """Resolves Query.doubtfulPairs."""
    wanted = pagination.slice_of(first, after, last, before)
    database = info.context.database
    entries: Entries[DoubtfulPair] = Entries()
    if pagination.wants_page(info.selected()):
        both_ends = pagination.wants_both_ends(info.selected(), wanted)
        async with database.read() as connection:
            page = await doubts.page(connection, wanted, both_ends=both_ends)
        entries = Entries.of(page, [DoubtfulPair.from_row(row) for row in page.rows])

    async def count() -> int:
        async with database.read() as connection:
            return await doubts.count(connection)

    return Connection(entries=entries, count=count)

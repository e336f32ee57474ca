"""What can be asked."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db import catalog, stats
from db.run_reader import RUNS, run_of
from graphql_schema import asked, ids, pagination
from graphql_schema.as_of import AsOf
from graphql_schema.asset import Asset, columns_for, columns_for_connection
from graphql_schema.asset_filter import AssetFilter, AssetOrder
from graphql_schema.checkpoint import Checkpoint
from graphql_schema.coin import Coin, coin, coins
from graphql_schema.comparison import RunComparison, compare_runs
from graphql_schema.context import Info
from graphql_schema.doubtful_pair import DoubtfulPair, doubtful_pairs
from graphql_schema.drift import DriftEvent, drift
from graphql_schema.errors import bad_input
from graphql_schema.fields import described, given
from graphql_schema.filters import RunFilter
from graphql_schema.health import Health
from graphql_schema.listing import newest_first
from graphql_schema.lookup import find_node, find_nodes
from graphql_schema.node import Node
from graphql_schema.pagination import Connection, Entries
from graphql_schema.quarantine import QuarantinedRecord, quarantine
from graphql_schema.run import Run
from graphql_schema.source import Source
from graphql_schema.stats import Stats
from graphql_schema.viewer import Viewer

GlobalIdArgument = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]
OptionalId = Annotated[strawberry.ID | None, strawberry.argument(description="Its global id.")]
SourceName = Annotated[str, strawberry.argument(description="Name of the source.")]


@strawberry.type(description="What can be asked.")
class Query:
    """The root of reading."""

    @described("Any object by its global id; null where there is none.")
    async def node(self, info: Info, id: GlobalIdArgument) -> Node | None:  # noqa: A002
        return await find_node(info, id)

    @described("Objects by their global ids, in their order, with null where there is none. At most 100.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids.")],
    ) -> list[Node | None]:
        return await find_nodes(info, ids)

    @described("Assets, each source's apart. Without an order: by relevance when searching, else by id.")
    async def assets(
        self,
        info: Info,
        first: pagination.First = UNSET,
        after: pagination.After = UNSET,
        last: pagination.Last = UNSET,
        before: pagination.Before = UNSET,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Text in the symbol, name or external id, whatever the case; one or two letters at the "
                "beginning. Where few have it: all of its words, in any order and perhaps misspelt."
            ),
        ] = UNSET,
        filter: Annotated[AssetFilter | None, strawberry.argument(description="Which assets.")] = UNSET,  # noqa: A002
        order_by: Annotated[list[AssetOrder] | None, strawberry.argument(description="In which order.")] = UNSET,
        as_of: AsOf = UNSET,
    ) -> Connection[Asset]:
        listing, wanted = asked.assets(first, after, last, before, search, filter, order_by, as_of)
        then = listing.as_of
        database = info.context.database
        entries: Entries[Asset] = Entries()
        if pagination.wants_page(info.selected()):
            both_ends = pagination.wants_both_ends(info.selected(), wanted)
            columns = columns_for_connection(info.selected(depth=3))
            async with database.read() as connection:
                page = await catalog.page(connection, listing, wanted, columns, both_ends=both_ends)
            entries = Entries.of(page, [Asset.from_row(row, then) for row in page.rows])

        async def count() -> int:
            async with database.read() as connection:
                return await catalog.count(connection, listing)

        return Connection(entries=entries, count=count)

    @described("One asset, by its id, or by source and external id.")
    async def asset(
        self,
        info: Info,
        id: OptionalId = UNSET,  # noqa: A002
        source: Annotated[str | None, strawberry.argument(description="Name of the source.")] = UNSET,
        external_id: Annotated[str | None, strawberry.argument(description="The source's own id.")] = UNSET,
        as_of: AsOf = UNSET,
    ) -> Asset | None:
        loaders, columns, then = info.context.loaders, columns_for(info.selected(depth=1)), given(as_of)
        match given(id), given(source), given(external_id):
            case str(global_id), None, None:
                row_id = ids.require_row_id("Asset", global_id)
                return Asset.from_optional(await loaders.asset_by_id.load((row_id, (columns, then))), then)
            case None, str(name), str(key):
                return Asset.from_optional(await loaders.asset_by_key.load(((name, key), (columns, then))), then)
        raise bad_input("give either `id`, or `source` and `externalId`")

    coins: Connection[Coin] = strawberry.field(
        resolver=coins,
        description="Coins, whatever the source. Without an order: by relevance when searching, else by id.",
    )
    coin: Coin | None = strawberry.field(resolver=coin, description="One coin, by its id or slug.")

    @described("Runs, the newest request first.")
    async def runs(
        self,
        info: Info,
        first: pagination.First = UNSET,
        after: pagination.After = UNSET,
        last: pagination.Last = UNSET,
        before: pagination.Before = UNSET,
        filter: Annotated[RunFilter | None, strawberry.argument(description="Which runs.")] = UNSET,  # noqa: A002
    ) -> Connection[Run]:
        condition, wanted = asked.runs(first, after, last, before, filter)
        return await newest_first(info, RUNS, condition, wanted, lambda row: Run.from_run(run_of(row)))

    @described("One run.")
    async def run(self, info: Info, id: GlobalIdArgument) -> Run | None:  # noqa: A002
        return Run.from_optional(await info.context.loaders.run_by_id.load(ids.require_row_id("Run", id)))

    compare_runs: RunComparison | None = strawberry.field(
        resolver=compare_runs, description="Two runs side by side, and what is unusual about the other one."
    )

    @described("Where each source's window stands; sources that never ran have none.")
    async def checkpoints(self, info: Info) -> list[Checkpoint]:
        loaders = info.context.loaders
        found = await loaders.checkpoint.load_many([source.name for source in Source.every(info)])
        return [Checkpoint.from_checkpoint(checkpoint) for checkpoint in found if checkpoint is not None]

    @described("Where a source's window stands; null before its first run.")
    async def checkpoint(self, info: Info, source: SourceName) -> Checkpoint | None:
        return Checkpoint.from_optional(await info.context.loaders.checkpoint.load(source))

    @described("Every source the service knows, enabled or not.")
    def sources(self, info: Info) -> list[Source]:
        return Source.every(info)

    @described("One source; null where the name is not known.")
    def source(self, info: Info, name: SourceName) -> Source | None:
        return Source.named(info, name)

    quarantine: Connection[QuarantinedRecord] = strawberry.field(
        resolver=quarantine, description="Records that broke a rule, the newest first."
    )
    doubtful_pairs: Connection[DoubtfulPair] = strawberry.field(
        resolver=doubtful_pairs,
        description="Pairs of assets that may be one coin and are left to a person, the most probable first.",
    )
    drift: Connection[DriftEvent] = strawberry.field(
        resolver=drift, description="How the fields of upstreams' records changed, the newest first."
    )

    @described("Totals over everything stored.")
    async def stats(self, info: Info) -> Stats:
        async with info.context.database.read() as connection:
            return Stats.from_totals(await stats.read(connection))

    @described("How the service is doing.")
    async def health(self, info: Info) -> Health:
        return Health.from_report(await info.context.operations.health())

    @described("Who you are to the service, and what you may do.")
    async def viewer(self, info: Info) -> Viewer:
        return Viewer.from_caller(info.context.caller)

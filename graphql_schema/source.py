"""Sources: the upstreams that figures come from."""

from datetime import UTC, datetime
from typing import Self

import strawberry

from graphql_schema import ids, scalars
from graphql_schema.checkpoint import Checkpoint
from graphql_schema.context import Info
from graphql_schema.enums import CircuitState
from graphql_schema.fields import described
from graphql_schema.node import Node
from graphql_schema.operations import SourceState
from graphql_schema.run import Run


@strawberry.type(description="One upstream, as this service runs it.")
class Source(Node):
    """What the process knows of a source; the rest is looked up."""

    name: str = strawberry.field(description="Its name: `coingecko`, `coinpaprika` or `csv`.")
    enabled: bool = strawberry.field(description="Whether the settings switch it on.")
    schedule: str | None = strawberry.field(description="When it runs: a cron line or an interval; null when never.")
    scheduled_at: strawberry.Private[datetime | None]

    @classmethod
    def from_state(cls, state: SourceState) -> Self:
        return cls(
            id=ids.encode("Source", state.name),
            name=state.name,
            enabled=state.enabled,
            schedule=state.schedule,
            scheduled_at=state.next_run_at,
        )

    @classmethod
    def every(cls, info: Info) -> list[Self]:
        """All known sources, in a fixed order."""
        return [cls.from_state(state) for state in info.context.operations.source_states()]

    @classmethod
    def named(cls, info: Info, name: str) -> Self | None:
        return next((source for source in cls.every(info) if source.name == name), None)

    @described("When it runs next by schedule; null when it has none, and while it is paused.")
    async def next_run_at(self, info: Info) -> datetime | None:
        return None if self.scheduled_at is None or await self.paused(info) else self.scheduled_at

    @described(
        "Whether someone paused it: neither the schedule nor a trigger starts it until it is resumed. The command line "
        "still does."
    )
    async def paused(self, info: Info) -> bool:
        return bool(await info.context.loaders.paused.load(self.name))

    @described("The run that was asked for last.")
    async def last_run(self, info: Info) -> Run | None:
        return Run.from_optional(await info.context.loaders.latest_run.load(self.name))

    @described("The queued or running run.")
    async def active_run(self, info: Info) -> Run | None:
        return Run.from_optional(await info.context.loaders.active_run.load(self.name))

    @described("Where its window stands; null before its first run.")
    async def checkpoint(self, info: Info) -> Checkpoint | None:
        return Checkpoint.from_optional(await info.context.loaders.checkpoint.load(self.name))

    @described("How many assets it has.")
    async def asset_count(self, info: Info) -> int:
        holdings = await info.context.loaders.holdings.load(self.name)
        return 0 if holdings is None else scalars.count(holdings.asset_count)

    @described("Seconds since the source's newest figures, by its own times where it gives them.")
    async def data_age_seconds(self, info: Info) -> float | None:
        holdings = await info.context.loaders.holdings.load(self.name)
        newest = holdings and (holdings.newest_last_updated or holdings.newest_updated_at)
        return max(0.0, (datetime.now(UTC) - newest).total_seconds()) if newest else None

    @described("Whether its upstream is being called, or left alone after failures.")
    async def circuit(self, info: Info) -> CircuitState:
        circuit = await info.context.loaders.circuit.load(self.name)
        return CircuitState.CLOSED if circuit is None else CircuitState(circuit.state)

    @described("When its upstream is tried again, while it is left alone.")
    async def retry_at(self, info: Info) -> datetime | None:
        circuit = await info.context.loaders.circuit.load(self.name)
        return None if circuit is None else circuit.retry_at

"""Checkpoints: where each source's window stands."""

from datetime import datetime
from typing import Self

import strawberry

from db import checkpoints
from graphql_schema import ids, scalars
from graphql_schema.context import Info
from graphql_schema.fields import described
from graphql_schema.node import Node
from graphql_schema.run import Run


@strawberry.type(description="Where a source's window stands: what is committed, and where the next run goes on.")
class Checkpoint(Node):
    """A row of etl_checkpoints."""

    run_id: strawberry.Private[int | None]
    source: str = strawberry.field(description="Name of the source.")
    last_record_id: str | None = strawberry.field(description="Id of the last committed record; null at the start.")
    position: int = strawberry.field(description="How many of the window's records are committed.")
    total: int | None = strawberry.field(description="How many records the window holds; null while not known.")
    complete: bool = strawberry.field(description="Whether the window is finished; the next run opens a new one.")
    updated_at: datetime = strawberry.field(description="When it last moved.")

    @classmethod
    def from_checkpoint(cls, checkpoint: checkpoints.Checkpoint) -> Self:
        return cls(
            id=ids.encode("Checkpoint", checkpoint.source),
            run_id=checkpoint.run_id,
            source=checkpoint.source,
            last_record_id=checkpoint.last_record_id,
            position=scalars.count(checkpoint.position),
            total=None if checkpoint.total is None else scalars.count(checkpoint.total),
            complete=checkpoint.complete,
            updated_at=checkpoint.updated_at,
        )

    @classmethod
    def from_optional(cls, checkpoint: checkpoints.Checkpoint | None) -> Self | None:
        return None if checkpoint is None else cls.from_checkpoint(checkpoint)

    @described("The run that last moved it.")
    async def run(self, info: Info) -> Run | None:
        if self.run_id is None:
            return None
        return Run.from_optional(await info.context.loaders.run_by_id.load(self.run_id))

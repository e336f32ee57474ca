"""Quarantined records: what broke a rule, kept until it can be replayed."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import UNSET

from db.filters import Every, Where
from db.findings import QUARANTINE
from db.keyset import AnyRow
from graphql_schema import ids, pagination
from graphql_schema.context import Info
from graphql_schema.fields import described, given
from graphql_schema.listing import newest_first
from graphql_schema.node import Node
from graphql_schema.pagination import Connection
from graphql_schema.run import Run

Replayed = Annotated[
    bool | None, strawberry.argument(description="Only those that were accepted by a replay, or only those that wait.")
]


@strawberry.type(description="A record that broke a rule and was put aside. It is kept once, however often it comes.")
class QuarantinedRecord(Node):
    """A row of etl_quarantine."""

    run_id: strawberry.Private[int]
    replay_run_id: strawberry.Private[int | None]
    source: str = strawberry.field(description="Name of the source.")
    reason: str = strawberry.field(description="The rule it broke, as a constant word.")
    detail: str = strawberry.field(description="What is wrong with it, for people.")
    external_id: str | None = strawberry.field(description="The source's own id of the coin, where it can be read.")
    payload: str = strawberry.field(description="The record as received; at most 64 KB of it.")
    at: datetime = strawberry.field(description="When it was put aside.")
    replayed_at: datetime | None = strawberry.field(description="When a replay accepted it; null while it waits.")

    @classmethod
    def from_row(cls, row: AnyRow) -> Self:
        return cls(
            id=ids.encode("QuarantinedRecord", row.id),
            run_id=row.run_id,
            replay_run_id=row.replay_run_id,
            source=row.source,
            reason=row.reason,
            detail=row.detail,
            external_id=row.external_id,
            payload=row.payload,
            at=row.at,
            replayed_at=row.replayed_at,
        )

    @classmethod
    def from_optional(cls, row: AnyRow | None) -> Self | None:
        return None if row is None else cls.from_row(row)

    @described("The run that put it aside.")
    async def run(self, info: Info) -> Run | None:
        return Run.from_optional(await info.context.loaders.run_by_id.load(self.run_id))

    @described("The replay that accepted it; null while it waits.")
    async def replay_run(self, info: Info) -> Run | None:
        if self.replay_run_id is None:
            return None
        return Run.from_optional(await info.context.loaders.run_by_id.load(self.replay_run_id))


async def quarantine(
    info: Info,
    first: pagination.First = UNSET,
    after: pagination.After = UNSET,
    last: pagination.Last = UNSET,
    before: pagination.Before = UNSET,
    source: Annotated[str | None, strawberry.argument(description="Only of this source.")] = UNSET,
    run_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only what this run put aside.")] = UNSET,
    replayed: Replayed = UNSET,
) -> Connection[QuarantinedRecord]:
    """Resolves Query.quarantine."""
    wanted = pagination.slice_of(first, after, last, before)
    parts = []
    if (name := given(source)) is not None:
        parts.append(Where("source", "eq", name))
    if (run := given(run_id)) is not None:
        parts.append(Where("run_id", "eq", ids.require_row_id("Run", run)))
    if (accepted := given(replayed)) is not None:
        parts.append(Where("replayed_at", "is_null", not accepted))
    return await newest_first(info, QUARANTINE, Every(tuple(parts)), wanted, QuarantinedRecord.from_row)

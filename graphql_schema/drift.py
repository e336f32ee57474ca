"""Schema drift: how the fields of an upstream's records changed."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import UNSET

from db.filters import Where
from db.findings import DRIFT
from db.keyset import AnyRow
from graphql_schema import ids, pagination
from graphql_schema.context import Info
from graphql_schema.fields import described, given
from graphql_schema.listing import newest_first
from graphql_schema.node import Node
from graphql_schema.pagination import Connection
from graphql_schema.run import Run


@strawberry.type(description="A field of an upstream's records that appeared, vanished or changed its kind of value.")
class DriftEvent(Node):
    """A row of etl_drift_events."""

    run_id: strawberry.Private[int]
    source: str = strawberry.field(description="Name of the source.")
    path: str = strawberry.field(description="The field: names joined by dots, `[]` for what is in a list.")
    kind: str = strawberry.field(description="`appeared`, `vanished` or `retyped`.")
    before: str | None = strawberry.field(description="Kinds of value it had, joined by `|`; null for a new field.")
    after: str | None = strawberry.field(description="Kinds of value it has now; null for a field that vanished.")
    affected_percent: float | None = strawberry.field(description="Share of the window's records, 0 to 100.")
    at: datetime = strawberry.field(description="When it was noticed.")

    @classmethod
    def from_row(cls, row: AnyRow) -> Self:
        return cls(
            id=ids.encode("DriftEvent", row.id),
            run_id=row.run_id,
            source=row.source,
            path=row.path,
            kind=row.kind,
            before=row.before,
            after=row.after,
            affected_percent=row.affected_percent,
            at=row.at,
        )

    @classmethod
    def from_optional(cls, row: AnyRow | None) -> Self | None:
        return None if row is None else cls.from_row(row)

    @described("The run that noticed it.")
    async def run(self, info: Info) -> Run | None:
        return Run.from_optional(await info.context.loaders.run_by_id.load(self.run_id))


async def drift(
    info: Info,
    first: pagination.First = UNSET,
    after: pagination.After = UNSET,
    last: pagination.Last = UNSET,
    before: pagination.Before = UNSET,
    source: Annotated[str | None, strawberry.argument(description="Only of this source.")] = UNSET,
) -> Connection[DriftEvent]:
    """Resolves Query.drift."""
    wanted = pagination.slice_of(first, after, last, before)
    name = given(source)
    condition = None if name is None else Where("source", "eq", name)
    return await newest_first(info, DRIFT, condition, wanted, DriftEvent.from_row)

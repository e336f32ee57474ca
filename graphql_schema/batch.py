"""Batches: what a run committed together."""

from datetime import datetime
from typing import Self

import strawberry

from db.keyset import AnyRow
from graphql_schema import scalars


@strawberry.type(description="Records committed together, in one transaction with the checkpoint.")
class Batch:
    """A row of etl_batches, the journal."""

    sequence: int = strawberry.field(description="Its number in the window, from 1, over all the window's runs.")
    from_position: int = strawberry.field(description="How many of the window's records came before it.")
    to_position: int = strawberry.field(description="How many of the window's records are committed with it.")
    seen: int = strawberry.field(description="How many records it holds.")
    committed_at: datetime = strawberry.field(description="When it was committed.")
    last_record_id: str | None = strawberry.field(description="Id of its last record.")

    @classmethod
    def from_row(cls, row: AnyRow) -> Self:
        return cls(
            sequence=row.sequence,
            from_position=scalars.count(row.from_position),
            to_position=scalars.count(row.to_position),
            seen=scalars.count(row.seen),
            committed_at=row.committed_at,
            last_record_id=row.last_record_id,
        )

    @classmethod
    def from_optional(cls, row: AnyRow | None) -> Self | None:
        return None if row is None else cls.from_row(row)

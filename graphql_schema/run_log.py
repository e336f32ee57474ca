"""The log of a run: what happened to it, line by line."""

from datetime import datetime
from typing import Self

import strawberry

from db.keyset import AnyRow


@strawberry.type(description="A line of a run's log.")
class RunLogEntry:
    """A row of etl_run_events, without how the run stood then."""

    at: datetime = strawberry.field(description="When it happened.")
    kind: str = strawberry.field(description="What happened, as in `RunEvent`.")
    message: str = strawberry.field(description="The same for people.")

    @classmethod
    def from_row(cls, row: AnyRow) -> Self:
        return cls(at=row.at, kind=row.kind.upper(), message=row.message)

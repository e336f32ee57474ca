"""Events of runs, as subscriptions tell them."""

from datetime import datetime
from typing import Self

import strawberry

from db import run_event_reader
from graphql_schema.run import Run
from graphql_schema.run_feed import Told


@strawberry.type(description="Something that happened to a run.")
class RunEvent:
    """A row of etl_run_events."""

    cursor: str = strawberry.field(description="Pass it as `after` to be told everything behind this event.")
    at: datetime = strawberry.field(description="When it happened.")
    kind: str = strawberry.field(
        description="What happened: QUEUED, MODE_CHANGED, STARTED, PAGE_STAGED, PLANNED, BATCH_LOADED, "
        "CANCEL_REQUESTED, ANOMALY, ENDED or ABANDONED. There may be more one day."
    )
    message: str = strawberry.field(description="The same for people.")
    run: Run = strawberry.field(description="The run as it was at this event.")

    @classmethod
    def from_told(cls, source: str | None, told: Told) -> Self:
        """`source` is what is followed: one source, or all."""
        event = told.event
        return cls(
            cursor=run_event_reader.cursor(source, told.place),
            at=event.at,
            kind=event.kind.upper(),
            message=event.message,
            run=Run.from_run(event.run),
        )

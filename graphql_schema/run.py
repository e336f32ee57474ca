"""Runs: attempts at (the rest of) a source's window."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET

from db import journal, run_log, runs
from graphql_schema import ids, pagination, scalars
from graphql_schema.batch import Batch
from graphql_schema.context import Info
from graphql_schema.enums import RunMode, RunStatus, RunTrigger
from graphql_schema.fields import described
from graphql_schema.node import Node
from graphql_schema.pagination import Connection, Entries
from graphql_schema.run_log import RunLogEntry


@strawberry.type(description="A place in the pass that a run worked on.")
class RunCheckpoint:
    """The source's own checkpoint moves on; this one stays as it was at the run's start or end."""

    position: int = strawberry.field(description="How many of the window's records were committed.")
    last_record_id: str | None = strawberry.field(
        description="Id of the last of them; null at the start of a window, and where the journal was given up."
    )


@strawberry.type(description="One attempt at a pass over a source. A failed pass is gone on with by the next run.")
class Run(Node):
    """A row of etl_runs. Counts are records."""

    row_id: strawberry.Private[int]
    start_position: strawberry.Private[int]
    source: str = strawberry.field(description="Name of the source.")
    mode: RunMode = strawberry.field(description="What the run reads.")
    trigger: RunTrigger = strawberry.field(description="Who asked for it.")
    status: RunStatus = strawberry.field(description="Where it stands.")
    records_processed: int = strawberry.field(description="Records committed by this run, whatever became of them.")
    inserted: int = strawberry.field(description="Records that brought a new asset.")
    updated: int = strawberry.field(description="Records that changed an asset.")
    unchanged: int = strawberry.field(description="Records that said nothing new.")
    stale: int = strawberry.field(description="Records older than what is stored; kept raw, not applied.")
    missing: int = strawberry.field(description="Records announced by the upstream but not delivered.")
    quarantined: int = strawberry.field(description="Records that broke a rule and were put aside.")
    total: int | None = strawberry.field(description="Records of the whole window; null while that is not known.")
    progress_percent: float | None = strawberry.field(
        description="How much of the window is done, 0 to 100, earlier runs included; null while `total` is."
    )
    injected_failure: bool = strawberry.field(description="Whether it was made to fail, as a drill.")
    error: str | None = strawberry.field(description="Why it ended badly.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When work began; null while queued.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null while it has not.")
    duration_ms: int | None = strawberry.field(description="Milliseconds from start to end; null until it ended.")
    resumed_after: str | None = strawberry.field(
        description="Id of the last record an earlier run had committed; null when it began a window."
    )

    @classmethod
    def from_run(cls, run: runs.Run) -> Self:
        return cls(
            id=ids.encode("Run", run.id),
            row_id=run.id,
            start_position=run.start_position,
            source=run.source,
            mode=RunMode(run.mode.value),
            trigger=RunTrigger(run.trigger.value),
            status=RunStatus(run.status.value),
            records_processed=scalars.count(run.records_processed),
            inserted=scalars.count(run.inserted),
            updated=scalars.count(run.updated),
            unchanged=scalars.count(run.unchanged),
            stale=scalars.count(run.stale),
            missing=scalars.count(run.missing),
            quarantined=scalars.count(run.quarantined),
            total=None if run.total is None else scalars.count(run.total),
            progress_percent=progress(run.total, run.start_position, run.records_processed),
            injected_failure=run.injected_failure,
            error=run.error,
            requested_at=run.requested_at,
            started_at=run.run_started_at,
            finished_at=run.run_finished_at,
            duration_ms=duration_ms(run.run_started_at, run.run_finished_at),
            resumed_after=run.resumed_after,
        )

    @classmethod
    def from_optional(cls, run: runs.Run | None) -> Self | None:
        return None if run is None else cls.from_run(run)

    @described("Where the source's checkpoint stood when work began; null while queued.")
    def checkpoint_before(self) -> RunCheckpoint | None:
        if self.started_at is None:
            return None
        return RunCheckpoint(position=scalars.count(self.start_position), last_record_id=self.resumed_after)

    @described("Where the run has brought the checkpoint, by the journal; null while queued.")
    async def checkpoint_after(self, info: Info) -> RunCheckpoint | None:
        if self.started_at is None:
            return None
        committed = await info.context.loaders.last_record.load(self.row_id) if self.records_processed else None
        return RunCheckpoint(
            position=scalars.count(self.start_position + self.records_processed),
            last_record_id=committed if self.records_processed else self.resumed_after,
        )

    @described("The batches it committed, in order.")
    async def batches(
        self,
        info: Info,
        first: pagination.First = UNSET,
        after: pagination.After = UNSET,
        last: pagination.Last = UNSET,
        before: pagination.Before = UNSET,
    ) -> Connection[Batch]:
        wanted = pagination.slice_of(first, after, last, before)
        journal.check(self.row_id, wanted)
        loaders = info.context.loaders
        entries: Entries[Batch] = Entries()
        if pagination.wants_page(info.selected()):
            page = await loaders.batches.load((self.row_id, wanted))
            entries = Entries.of(page, [Batch.from_row(row) for row in page.rows])
        return Connection(entries=entries, count=lambda: loaders.batch_count.load((self.row_id, None)))

    @described("What happened to it, in order; events of the last seven days are kept.")
    async def log(
        self,
        info: Info,
        first: pagination.First = UNSET,
        after: pagination.After = UNSET,
        last: pagination.Last = UNSET,
        before: pagination.Before = UNSET,
    ) -> Connection[RunLogEntry]:
        wanted = pagination.slice_of(first, after, last, before)
        run_log.check(self.row_id, wanted)
        loaders = info.context.loaders
        entries: Entries[RunLogEntry] = Entries()
        if pagination.wants_page(info.selected()):
            page = await loaders.run_log.load((self.row_id, wanted))
            entries = Entries.of(page, [RunLogEntry.from_row(row) for row in page.rows])
        return Connection(entries=entries, count=lambda: loaders.run_log_count.load((self.row_id, None)))


def progress(total: int | None, start_position: int, records_processed: int) -> float | None:
    """Percent of the window that is committed, by this run and those before it."""
    if total is None:
        return None
    if total == 0:
        return 100.0
    return min(100.0, 100 * (start_position + records_processed) / total)


def duration_ms(started_at: datetime | None, finished_at: datetime | None) -> int | None:
    """Milliseconds between them, None as long as there is only one."""
    if started_at is None or finished_at is None:
        return None
    return scalars.count(round((finished_at - started_at).total_seconds() * 1000))

"""A stand-in for the process around the graph, and a caller of the graph."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event

from app.run_feed import RunFeed
from db.checkpoints import Checkpoint
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.runs import Run
from graphql_schema.caller import Caller
from graphql_schema.context import Context
from graphql_schema.limits import Limits
from graphql_schema.operations import HealthLevel, HealthReport, Problem, SourceState, TriggerAnswer
from graphql_schema.schema import Schema, build_schema
from tests.graphql_schema.rows import START

# Time enough on a machine that does much else; time-outs have tests of their own.
SCHEMA = build_schema(Limits(seconds=60))
CALLER = Caller("api token", "203.0.113.9", may_read=True, may_mutate=True)
NEXT_RUN = datetime(2025, 1, 21, tzinfo=UTC)


def queued_run(run_id: int = 7, source: str = "csv", mode: RunMode = RunMode.INCREMENTAL) -> Run:
    """A run that was just asked for."""
    return Run(
        id=run_id, source=source, mode=mode, trigger=RunTrigger.MANUAL, status=RunStatus.QUEUED, window_id=None,
        epoch=None, records_processed=0, inserted=0, updated=0, unchanged=0, stale=0, missing=0, quarantined=0,
        total=None, injected_failure=False, fail_after=None, error=None, resumed_after=None, start_position=0,
        requested_at=START, run_started_at=None, run_finished_at=None, cancel_requested_at=None,
    )  # fmt: skip


@dataclass
class FakeOperations:
    """Operations that start nothing and remember what was asked of them."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def source_states(self) -> list[SourceState]:
        return [
            SourceState("coingecko", enabled=True, schedule="*/5 * * * *", next_run_at=NEXT_RUN),
            SourceState("csv", enabled=False, schedule=None, next_run_at=None),
        ]

    async def health(self) -> HealthReport:
        return HealthReport(HealthLevel.DEGRADED, True, False, "1.2.3", ["the scheduler is not running"])

    async def trigger(self, source: str | None, mode: RunMode, idempotency_key: str | None) -> TriggerAnswer:
        self.asked.append(("trigger", source, mode, idempotency_key))
        if source not in {None, "csv"}:
            return TriggerAnswer(problems=[Problem("UNKNOWN_SOURCE", "there is no such source", ("source",))])
        return TriggerAnswer(started=[queued_run(mode=mode)], already_active=[queued_run(8)])

    async def replay(self, source: str | None, ids: Sequence[str] | None) -> TriggerAnswer:
        self.asked.append(("replay", source, ids))
        return TriggerAnswer(started=[queued_run(mode=RunMode.REPLAY)])

    async def pause(self, source: str) -> Problem | None:
        return self._known("pause", source)

    async def resume(self, source: str) -> Problem | None:
        return self._known("resume", source)

    def _known(self, what: str, source: str) -> Problem | None:
        self.asked.append((what, source))
        return None if source == "csv" else Problem("UNKNOWN_SOURCE", "there is no such source", ("source",))

    async def reset_checkpoint(self, source: str) -> Checkpoint | Problem:
        self.asked.append(("reset_checkpoint", source))
        return Problem("RUN_ACTIVE", "a run is active", ("source",))

    async def link_assets(self, asset_ids: Sequence[int], reason: str) -> int | Problem:
        self.asked.append(("link", list(asset_ids), reason))
        return 77 if asset_ids == [1, 2] else Problem("SAME_SOURCE", "both are of one source", ("assetIds",))

    async def unlink_asset(self, asset_id: int, reason: str) -> int | Problem:
        self.asked.append(("unlink", asset_id, reason))
        return 77

    async def keep_apart(self, asset_ids: Sequence[int], reason: str) -> int | Problem:
        self.asked.append(("keep apart", list(asset_ids), reason))
        return Problem("LINKED", "they are one coin", ("assetIds",))

    async def undo_link(self) -> int | Problem:
        self.asked.append(("undo",))
        return Problem("NOTHING_TO_UNDO", "all of it is undone")

    async def cancel(self, run_id: int) -> Run | Problem:
        self.asked.append(("cancel", run_id))
        return queued_run(run_id) if run_id == 7 else Problem("RUN_NOT_ACTIVE", "the run has ended", ("id",))


@dataclass
class Graph:
    """Asks the graph, as a fresh request each time."""

    database: Database
    operations: FakeOperations = field(default_factory=FakeOperations)
    caller: Caller = CALLER
    schema: Schema = SCHEMA
    statements: list[str] = field(default_factory=list)

    async def answer(self, query: str, **variables: Any) -> tuple[Any, list[Any]]:
        """Data and formatted errors."""
        context = Context.of(self.database, self.operations, RunFeed(self.database), self.caller)
        result = await self.schema.execute(query, variable_values=variables, context_value=context)
        return result.data, [error.formatted for error in result.errors or ()]

    async def ask(self, query: str, **variables: Any) -> Any:
        """Data of a query that must succeed."""
        data, errors = await self.answer(query, **variables)
        assert errors == []
        return data

    async def codes(self, query: str, **variables: Any) -> list[str]:
        """The codes of the errors."""
        _, errors = await self.answer(query, **variables)
        return [error["extensions"]["code"] for error in errors]

    async def count_statements(self, query: str, **variables: Any) -> int:
        """How many statements a query that must succeed sends to the database."""
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            sent.append(statement)

        engine = self.database._reader.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            await self.ask(query, **variables)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        self.statements = sent
        return len([statement for statement in sent if statement != "BEGIN"])

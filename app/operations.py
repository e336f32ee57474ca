"""What people ask of the running process: trigger, cancel, look at sources, is it healthy?

Both the graph and the REST shims speak to this; neither knows the runner or the scheduler.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from math import ceil
from typing import Any

import structlog

from app import replays, triggers
from app.allowance import Allowance
from app.config import Settings
from app.scheduler import Scheduler
from app.schedules import period_of
from app.source_names import SOURCES
from db import checkpoints, leases, runs, source_states, windows
from db.checkpoints import Checkpoint
from db.engine import Connection, Database
from db.enums import RunMode
from db.errors import DatabaseError
from db.runs import Run
from db.uninterrupted import uninterrupted
from etl.identity import by_hand
from etl.identity.by_hand import Refusal
from graphql_schema.operations import HealthLevel, HealthReport, Problem, SourceState, TriggerAnswer

MAX_KEY_LENGTH = 255
# Data is stale once a source has missed this many of its scheduled runs.
STALE_AFTER_PERIODS = 3
_log = structlog.get_logger()


class Operations:
    """The running process, as `graphql_schema.operations.Operations` wants it. `wake` has queued runs looked at."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        scheduler: Scheduler,
        wake: Callable[[], None],
        dispatching: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._database = database
        self._scheduler = scheduler
        self._wake = wake
        self._dispatching = dispatching
        self._allowance = Allowance(settings.triggers_per_minute)

    def source_states(self) -> list[SourceState]:
        """Every known source, enabled or not, in the order of the settings."""
        return [
            SourceState(
                name=name,
                enabled=name in self._settings.etl_sources,
                schedule=self._settings.schedule(name),
                next_run_at=self._scheduler.next_run_at(name),
            )
            for name in SOURCES
        ]

    async def health(self) -> HealthReport:
        """Down without the database; degraded when nothing would be ingested or what is served is old."""
        reasons: list[str] = []
        database = True
        try:
            async with self._database.read() as connection:
                reasons += await self._ailing_sources(connection)
        except DatabaseError as problem:
            # The error can name a host or a path; that is for the log only.
            _log.warning("health.database_down", error=str(problem))
            database = False
            reasons.append("the database does not answer")
        running = self._scheduler.running and self._dispatching()
        if not running:
            reasons.append("the scheduler is not running")
        level = HealthLevel.DOWN if not database else HealthLevel.DEGRADED if reasons else HealthLevel.OK
        return HealthReport(level, database, running, version("kasparro"), reasons)

    async def trigger(self, source: str | None, mode: RunMode, idempotency_key: str | None) -> TriggerAnswer:
        """Record the wanted runs; all or, on a problem, none of them."""
        problem = self._refusal(source, idempotency_key) or self._too_often()
        if problem is not None:
            return TriggerAnswer(problems=[problem])
        answer = await uninterrupted(
            triggers.trigger(self._database, source, mode, idempotency_key, self._settings.etl_sources)
        )
        return self._triggered(source, mode, answer)

    async def replay(self, source: str | None, ids: Sequence[str] | None) -> TriggerAnswer:
        """Record the wanted replays; all or, on a problem with the ids, none of them."""
        problem = self._refusal(source, None) or replays.refusal(ids) or self._too_often()
        if problem is not None:
            return TriggerAnswer(problems=[problem])
        answer = await uninterrupted(triggers.replay(self._database, source, ids, self._settings.etl_sources))
        return self._triggered(source, RunMode.REPLAY, answer)

    async def pause(self, source: str) -> Problem | None:
        """Let nothing start a source until it is resumed; what is running goes on."""
        return await self._set_paused(source, source_states.pause, "etl.source_paused")

    async def resume(self, source: str) -> Problem | None:
        """Let a source be started again, beginning with the run that waited."""
        return await self._set_paused(source, source_states.resume, "etl.source_resumed")

    async def reset_checkpoint(self, source: str) -> Checkpoint | Problem:
        """Let the next run of a source begin a new window. Refused while a run is active."""
        if source not in SOURCES:
            return _unknown(source)
        return await uninterrupted(self._reset_checkpoint(source))

    async def cancel(self, run_id: int) -> Run | Problem:
        """Ask an active run to end; a running one does at its next batch boundary."""
        async with self._database.write() as connection:
            run = await runs.request_cancel(connection, run_id)
            if run is None and await runs.get(connection, run_id) is None:
                return Problem("UNKNOWN_RUN", "there is no such run", ("id",))
        if run is None:
            return Problem("RUN_NOT_ACTIVE", "the run has ended already", ("id",))
        _log.info("etl.cancel_requested", run_id=run.id, source=run.source)
        return run

    async def link_assets(self, asset_ids: Sequence[int], reason: str) -> int | Problem:
        """Take assets for one coin."""
        return await _by_hand(by_hand.link(self._database, asset_ids, reason), "assetIds")

    async def unlink_asset(self, asset_id: int, reason: str) -> int | Problem:
        """Take an asset away from its coin."""
        return await _by_hand(by_hand.unlink(self._database, asset_id, reason), "assetId")

    async def keep_apart(self, asset_ids: Sequence[int], reason: str) -> int | Problem:
        """Let no evidence make one coin of assets."""
        return await _by_hand(by_hand.keep_apart(self._database, asset_ids, reason), "assetIds")

    async def undo_link(self) -> int | Problem:
        """Take back the last change by hand."""
        return await _by_hand(by_hand.undo(self._database))

    def _refusal(self, source: str | None, key: str | None) -> Problem | None:
        if source is not None and source not in SOURCES:
            return _unknown(source)
        if source is not None and source not in self._settings.etl_sources:
            return triggers.source_disabled(source, "source")
        if key is not None and (not key.isprintable() or not 0 < len(key) <= MAX_KEY_LENGTH):
            message = f"an idempotency key has 1 to {MAX_KEY_LENGTH} printable characters"
            return Problem("BAD_IDEMPOTENCY_KEY", message, ("idempotencyKey",))
        return None

    def _too_often(self) -> Problem | None:
        wait = self._allowance.take()
        most = self._settings.triggers_per_minute
        message = f"runs can be asked for at most {most} a minute; try again in {ceil(wait)} s"
        return Problem("RATE_LIMITED", message) if wait else None

    async def _reset_checkpoint(self, source: str) -> Checkpoint | Problem:
        async with self._database.write() as connection:
            await leases.lock(connection, source)
            active = await runs.active(connection, source)
            if active is not None:
                return Problem("RUN_ACTIVE", f"a run of {source} is {active.status}; cancel it first", ("source",))
            window = await windows.open_anew(connection, source, RunMode.INCREMENTAL)
            checkpoint = await checkpoints.begin(connection, source, window.id)
        _log.info("etl.checkpoint_reset", source=source)
        return checkpoint

    def _triggered(self, source: str | None, mode: RunMode, answer: TriggerAnswer) -> TriggerAnswer:
        self._wake()
        _log.info(
            "etl.triggered",
            source=source,
            mode=mode,
            started=[run.id for run in answer.started],
            already_active=[run.id for run in answer.already_active],
            problems=[found.code for found in answer.problems],
        )
        return answer

    async def _set_paused(
        self, source: str, write: Callable[[Connection, str], Awaitable[None]], event: str
    ) -> Problem | None:
        if source not in SOURCES:
            return _unknown(source)

        async def commit() -> None:
            async with self._database.write() as connection:
                await write(connection, source)

        await uninterrupted(commit())
        self._wake()
        _log.info(event, source=source)
        return None

    async def _ailing_sources(self, connection: Connection) -> list[str]:
        """A reason for each enabled source whose last ended run did not succeed, or whose data is old."""
        successes = await source_states.last_successes(connection)
        failures = await source_states.last_failures(connection)
        now = datetime.now(UTC)
        reasons = []
        for name in self._settings.etl_sources:
            success, failure = successes.get(name), failures.get(name)
            if failure is not None and (success is None or failure.at > success):
                reasons.append(f"{name}: last run {failure.status}: {failure.error}"[:300])
            elif success is not None and self._is_old(name, success, now):
                reasons.append(f"{name}: no successful run since {success:%Y-%m-%d %H:%M} UTC")
        return reasons

    def _is_old(self, source: str, success: datetime, now: datetime) -> bool:
        schedule = self._settings.schedule(source)
        return schedule is not None and (now - success) / STALE_AFTER_PERIODS > period_of(schedule, now)


async def _by_hand(change: Coroutine[Any, Any, int | Refusal], argument: str | None = None) -> int | Problem:
    answer = await uninterrupted(change)
    if isinstance(answer, int):
        return answer
    about = "reason" if answer.code == "BAD_REASON" else argument
    return Problem(answer.code, answer.message, (about,) if about else ())


def _unknown(source: str) -> Problem:
    return Problem("UNKNOWN_SOURCE", f"unknown source {source!r:.80}; known are {', '.join(SOURCES)}", ("source",))

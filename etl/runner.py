"""The only place that knows the order of the stages: acquire, stage, extract, load, finish.

`run_queued` carries one queued run to its end. Whatever happens, the run ends with a status or, when this
process is fenced or dies, is found dead by the next one. Nothing in memory is trusted after a doubtful commit:
the checkpoint is read again.
"""

import asyncio
import contextlib
import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from db import checkpoints, circuits, leases, quarantine, runs, source_states, windows
from db.checkpoints import Checkpoint
from db.engine import Connection, Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.errors import DatabaseUnavailable, Fenced, LeaseHeld
from db.records import WindowRecord
from db.runs import Run
from db.text import escaped
from db.uninterrupted import ended, uninterrupted
from db.windows import Window
from etl.ahead import one_ahead
from etl.errors import EtlError, InjectedFailure, RunCancelled, RunStopped, SourceBroken, SourceUnavailable
from etl.extract import batches, judged
from etl.identity import after_run
from etl.load import Loaded, load_batch
from etl.replay import Replay
from etl.stage import stage, staged_pages
from etl.survey import let_go, taken
from etl.types import Source

HEARTBEAT_SECONDS = 10.0
COMMIT_ATTEMPTS = 24
_log = structlog.get_logger()


A = TypeVar("A", bound="Acquired | None")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: position in its window and the window's size, None until it is known.

    Until then `staged` counts the records that were read. `resumed_after` is the record it went on behind, None for
    a run that began its window.
    """

    source: str
    position: int
    total: int | None
    resumed_after: str | None
    staged: int = 0


@dataclass(frozen=True, slots=True)
class Acquired:
    """A started run with the window it works on and where that stands."""

    run: Run
    window: Window
    checkpoint: Checkpoint


class Runner:
    """Carries runs of the given sources to their end, one at a time for each source."""

    def __init__(
        self,
        database: Database,
        sources: dict[str, Source],
        *,
        batch_size: int,
        fail_after: int | None = None,
        contracts_every_days: int = 0,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self.database = database
        self.sources = sources
        self._batch_size = batch_size
        self._fail_after = fail_after
        self._contracts_every_days = contracts_every_days
        self._on_progress = on_progress
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    async def run_queued(self, queued: Run) -> Run | None:
        """Run a queued run to its end; None when it was no longer to be run. Raises LeaseHeld or Fenced.

        A cancelled task ends its run as interrupted and raises CancelledError.
        """
        acquired = await self._unless_stopped(self._acquire_queued(queued))
        return None if acquired is None else await self._carry_out(acquired)

    async def run_now(self, source: str, mode: RunMode, trigger: RunTrigger) -> Run:
        """Ask for a run and carry it out here, whoever else is dispatching. Raises LeaseHeld or Fenced."""
        acquired = await self._unless_stopped(self._acquire_now(source, mode, trigger))
        return await self._carry_out(acquired)

    async def _unless_stopped(self, acquiring: Coroutine[Any, Any, A]) -> A:
        """Acquire; if the process is asked to stop meanwhile, what was acquired is given back as interrupted."""
        task = asyncio.ensure_future(acquiring)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await ended(task)
            if not task.cancelled() and task.exception() is None and (acquired := task.result()) is not None:
                await self._end(acquired.run, RunStopped("the process was asked to stop"))
            raise

    async def _acquire_queued(self, queued: Run) -> Acquired | None:
        async with self.database.write() as connection:
            await leases.lock(connection, queued.source)
            await runs.abandon_dead(connection, queued.source)
            current = await runs.get(connection, queued.id)
            if current is None or current.status is not RunStatus.QUEUED:
                return None
            if queued.source in await source_states.paused(connection):
                return None
            # What is asked may have changed since it was seen.
            return await self._acquire(connection, current)

    async def _acquire_now(self, source: str, mode: RunMode, trigger: RunTrigger) -> Acquired:
        async with self.database.write() as connection:
            run = (await runs.request(connection, source, mode, trigger)).run
            if run.status is not RunStatus.QUEUED:
                raise LeaseHeld(f"run {run.id} of {source} is going on in another process")
            return await self._acquire(connection, run)

    async def _acquire(self, connection: Connection, queued: Run) -> Acquired:
        """Lease, window and run in one transaction, so that no process can die between them."""
        epoch = await leases.take(connection, queued.source, self._holder)
        if queued.trigger in {RunTrigger.CLI, RunTrigger.MANUAL}:
            await circuits.let_one_through(connection, queued.source)
        window, new = await windows.resume_or_open(connection, queued.source, queued.mode, queued.replay_ids)
        checkpoint = await checkpoints.get(connection, queued.source)
        if new or checkpoint is None or checkpoint.window_id != window.id:
            checkpoint = await checkpoints.begin(connection, queued.source, window.id)
        run = await runs.start(
            connection,
            queued.id,
            mode=window.mode,
            replay_ids=window.replay_ids,
            epoch=epoch,
            window_id=window.id,
            total=window.planned,
            start_position=checkpoint.position,
            resumed_after=None if new else checkpoint.last_record_id,
            fail_after=self._fail_after,
        )
        return Acquired(run, window, checkpoint)

    async def _carry_out(self, acquired: Acquired) -> Run:
        run = acquired.run
        with structlog.contextvars.bound_contextvars(run_id=run.id, source=run.source):
            _log.info("etl.run_started", mode=run.mode, trigger=run.trigger, window_id=run.window_id)
            return await self._to_its_end(acquired)

    async def _to_its_end(self, acquired: Acquired) -> Run:
        run = acquired.run
        try:
            async with self._heartbeat(run):
                await self._work(acquired)
                await after_run.link(self.database, run)
                if run.mode is not RunMode.REPLAY:
                    source, days = self.sources[run.source], self._contracts_every_days
                    await after_run.read_contracts(self.database, source, run, days)
        except Fenced:
            _log.warning("etl.run_fenced", message="another process took the source over; nothing more is written")
            raise
        except asyncio.CancelledError:
            await self._end(run, RunStopped("the process was asked to stop"))
            raise
        except (EtlError, DatabaseUnavailable) as problem:
            return await self._end_early(run, problem)
        except Exception as bug:
            _log.exception("etl.run_crashed")
            return await self._end_early(run, bug)
        return await self._end(run, None)

    async def _end_early(self, run: Run, problem: Exception) -> Run:
        ended = await self._end(run, problem)
        await after_run.link_what_came(self.database)
        return ended

    async def _work(self, acquired: Acquired) -> None:
        run, window = acquired.run, acquired.window
        source = self._source_of(run)
        checkpoint = acquired.checkpoint
        if checkpoint.position:
            _log.info(
                "etl.resuming_from_checkpoint",
                message="Resuming from checkpoint",
                last_record_id=checkpoint.last_record_id,
                position=checkpoint.position,
                next_record=checkpoint.position + 1,
            )
        kept = None
        if window.planned is None:
            checkpoint, kept = await stage(self.database, source, run, window, self._reporter(run, checkpoint))
        self._report(run, checkpoint)
        chunks = taken(kept) if kept is not None else self._read_again(source, run, checkpoint)
        ready = batches(chunks, self._batch_size, self._fail_after)
        try:
            async with contextlib.aclosing(one_ahead(ready)) as upcoming:
                async for records in upcoming:
                    checkpoint = await self._load(run, checkpoint, records)
        finally:
            # The end of a failed run holds on to where it failed, and links what came.
            await let_go(kept)
        if checkpoint.position != checkpoint.total:
            raise SourceBroken(f"the window ended at record {checkpoint.position} of {checkpoint.total}")

    async def _read_again(self, source: Source, run: Run, checkpoint: Checkpoint) -> AsyncIterator[list[WindowRecord]]:
        """What the staged pages hold behind the checkpoint, judged as it was when they were staged."""
        async with self.database.read() as connection:
            window = await windows.get(connection, checkpoint.window_id)
        read_at = window.staged_at or window.opened_at
        pages = staged_pages(self.database, window, checkpoint.last_key)
        async for chunk in judged(source, pages, checkpoint.last_key, checkpoint.position, read_at):
            yield chunk

    def _source_of(self, run: Run) -> Source:
        source = self.sources[run.source]
        if run.mode is not RunMode.REPLAY:
            return source

        async def read(after: int, limit: int) -> list[quarantine.Refused]:
            async with self.database.read() as connection:
                return await quarantine.waiting(connection, run.source, after, limit, only=run.replay_ids)

        return Replay(source, read)

    async def _load(self, run: Run, before: Checkpoint, records: list[WindowRecord]) -> Checkpoint:
        loaded = await self._commit(run, before, records)
        checkpoint = loaded.checkpoint
        _log.info("etl.batch_loaded", seen=len(records), position=checkpoint.position, total=checkpoint.total)
        self._report(run, checkpoint)
        if checkpoint.position - run.start_position == self._fail_after:
            raise InjectedFailure(f"injected failure after {self._fail_after} records (ETL_FAIL_AFTER_N_RECORDS)")
        if loaded.cancel_requested:
            raise RunCancelled("cancelled by a user")
        return checkpoint

    def _reporter(self, run: Run, checkpoint: Checkpoint) -> Callable[[int], None]:
        def report(staged: int) -> None:
            self._on_progress(Progress(run.source, checkpoint.position, None, run.resumed_after, staged))

        return report

    def _report(self, run: Run, checkpoint: Checkpoint) -> None:
        self._on_progress(Progress(run.source, checkpoint.position, checkpoint.total, run.resumed_after))

    async def _commit(self, run: Run, before: Checkpoint, records: list[WindowRecord]) -> Loaded:
        """Commit a batch; when the connection dies meanwhile, only the checkpoint tells whether it counted."""
        async for attempt in _patiently():
            try:
                if attempt > 1:
                    stands = await uninterrupted(self._checkpoint(run))
                    if stands.position == before.position + len(records):
                        return Loaded(stands, [], cancel_requested=False)
                return await uninterrupted(load_batch(self.database, run, before, records))
            except DatabaseUnavailable as problem:
                _log.warning("etl.commit_unknown", attempt=attempt, error=str(problem))
                failure = problem
        raise failure

    async def _checkpoint(self, run: Run) -> Checkpoint:
        async with self.database.write() as connection:
            await leases.hold(connection, run.source, run.epoch or 0)
            checkpoint = await checkpoints.get(connection, run.source)
        if checkpoint is None or checkpoint.window_id != run.window_id:
            raise Fenced(f"the checkpoint of {run.source} moved to another window")
        return checkpoint

    async def _end(self, run: Run, problem: Exception | None) -> Run:
        """Record the run's end, again and again while the database is away; a stopping process tries only twice."""
        async for attempt in _patiently(most=2 if isinstance(problem, RunStopped) else None):
            try:
                return await uninterrupted(self._finish(run, problem))
            except DatabaseUnavailable as unavailable:
                _log.warning("etl.finish_failed", attempt=attempt, error=str(unavailable))
                failure = unavailable
        raise failure

    async def _finish(self, run: Run, problem: Exception | None) -> Run:
        """Write the run's end under the fence; a finished window is closed, a spoiled one given up."""
        status = _status_of(problem)
        error = None if problem is None else _describe(problem)
        async with self.database.write() as connection:
            await leases.hold(connection, run.source, run.epoch or 0)
            if problem is None:
                await windows.close(connection, run.window_id or 0)
                await checkpoints.complete(connection, run.source)
            elif isinstance(problem, SourceBroken):
                await windows.supersede(connection, run.source)
            if isinstance(problem, SourceUnavailable) and problem.retry_at is not None:
                await circuits.remember(connection, run.source, problem.retry_at)
            ended = await runs.finish(connection, run, status, error, injected=isinstance(problem, InjectedFailure))
        log = _log.info if status is RunStatus.SUCCESS else _log.warning
        log("etl.run_finished", status=status, records_processed=ended.records_processed, error=error)
        return ended

    @contextlib.asynccontextmanager
    async def _heartbeat(self, run: Run) -> AsyncIterator[None]:
        """Extend the lease while the block runs; cancel the block when the lease is lost."""
        worker = asyncio.current_task()
        lost: list[Fenced] = []

        async def beat() -> None:
            while True:
                await asyncio.sleep(HEARTBEAT_SECONDS)
                try:
                    await uninterrupted(self._hold(run))
                except Fenced as fenced:
                    lost.append(fenced)
                    if worker is not None:
                        worker.cancel()
                    return
                except DatabaseUnavailable:
                    _log.warning("etl.heartbeat_missed", exc_info=True)

        beating = asyncio.create_task(beat())
        try:
            yield
        except asyncio.CancelledError:
            if lost and worker is not None:
                worker.uncancel()
                raise lost[0] from None
            raise
        finally:
            beating.cancel()
            await ended(beating)

    async def _hold(self, run: Run) -> None:
        async with self.database.write() as connection:
            await leases.hold(connection, run.source, run.epoch or 0)


async def _patiently(most: int | None = None) -> AsyncIterator[int]:
    """Attempts, counted from 1, with growing pauses between them: about two minutes, longer than a lock or a restart
    of the database lasts. Who holds the lease by then is settled by the fence, not by the time."""
    for attempt in range(1, (most or COMMIT_ATTEMPTS) + 1):
        if attempt > 1:
            await asyncio.sleep(min(0.1 * 2**attempt, 5.0))
        yield attempt


def _status_of(problem: Exception | None) -> RunStatus:
    match problem:
        case None:
            return RunStatus.SUCCESS
        case RunStopped():
            return RunStatus.INTERRUPTED
        case RunCancelled():
            return RunStatus.CANCELLED
        case _:
            return RunStatus.FAILED


def _describe(problem: Exception) -> str:
    if isinstance(problem, EtlError | DatabaseUnavailable):
        return escaped(str(problem))[:1000]
    return f"internal error: {type(problem).__name__}"

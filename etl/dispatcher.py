"""Finds queued runs in the database and sees that they are run, in this process or another.

Asking for a run only records it; whoever dispatches first takes the source's lease. So a request survives the
process that took it, and any number of processes give one run.
"""

import asyncio
import contextlib
from datetime import datetime

import structlog

from db import runs, source_states
from db.enums import RunMode, RunTrigger
from db.errors import DatabaseUnavailable, Fenced, LeaseHeld
from db.runs import Requested, Run
from db.uninterrupted import uninterrupted
from etl.runner import Runner

POLL_SECONDS = 1.0
STOP_SECONDS = 7.0
_log = structlog.get_logger()


class Dispatcher:
    """Keeps at most one task a source; every task carries one run to its end."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._database = runner.database
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()

    async def request(
        self, source: str, mode: RunMode, trigger: RunTrigger, *, slot: datetime | None = None
    ) -> Requested | None:
        """Record that a run is wanted and have it looked at soon; None (and nothing recorded) for a paused source."""
        answer = await uninterrupted(self._record(source, mode, trigger, slot))
        self.wake()
        return answer

    def wake(self) -> None:
        """Look for queued runs now instead of at the next poll."""
        self._wake.set()

    async def serve(self) -> None:
        """Dispatch until cancelled."""
        while True:
            # Not `wait_for`: on Python 3.11 it can swallow a cancellation that comes together with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._look()
            except DatabaseUnavailable as problem:
                _log.warning("etl.dispatch_failed", error=str(problem))
                await asyncio.sleep(POLL_SECONDS)
            except Exception:
                # Whatever it is, without this loop nothing would ever be ingested again.
                _log.exception("etl.dispatch_failed")
                await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """Interrupt the running runs: each commits its batch, records its end and gives its lease back."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)

    async def _record(self, source: str, mode: RunMode, trigger: RunTrigger, slot: datetime | None) -> Requested | None:
        async with self._database.write() as connection:
            if source in await source_states.paused(connection):
                return None
            return await runs.request(connection, source, mode, trigger, slot=slot)

    async def _look(self) -> None:
        async with self._database.read() as connection:
            queued, lapsed = await runs.waiting(connection)
        for source in lapsed:
            await uninterrupted(self._requeue(source))
            self.wake()
        for run in queued:
            if run.source in self._runner.sources and run.source not in self._tasks:
                self._tasks[run.source] = asyncio.create_task(self._carry_out(run), name=f"etl:{run.source}")

    async def _requeue(self, source: str) -> None:
        async with self._database.write() as connection:
            again = await runs.requeue(connection, source)
        _log.warning("etl.run_abandoned", source=source, requeued=again is not None)

    async def _carry_out(self, run: Run) -> None:
        try:
            await self._runner.run_queued(run)
        except LeaseHeld:
            await asyncio.sleep(POLL_SECONDS)
        except Fenced:
            pass
        except DatabaseUnavailable as problem:
            _log.warning("etl.run_lost_database", run_id=run.id, source=run.source, error=str(problem))
        except Exception:
            _log.exception("etl.run_not_carried_out", run_id=run.id, source=run.source)
            await asyncio.sleep(POLL_SECONDS)
        finally:
            del self._tasks[run.source]

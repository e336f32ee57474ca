"""The clock: APScheduler records that a run is wanted, with its slot; it never runs anything itself.

Slots are aligned (an interval counts from the epoch, a cron line is in UTC), so any number of processes name the
same slot, and the database lets each slot be recorded once. A slot that passed while no process was up is
made good at start.

APScheduler sleeps until the time at which a job is due, as long as it once computed. A clock that is set would let it
sleep for a day, so we look now and then whether a slot comes sooner.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.schedules import EPOCH, slot_after, trigger_of

# A slot outlives a restart of the database.
RECORDING_ATTEMPTS = 60
RECORDING_PAUSE_SECONDS = 2.0
CLOCK_LOOK_SECONDS = 30.0
Record = Callable[[str, datetime], Awaitable[None]]
_log = structlog.get_logger()


class Scheduler:
    """One job a source; each firing calls `record(source, slot)`."""

    def __init__(self, schedules: dict[str, str], record: Record) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"default": _Recorder()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._schedules = schedules
        self._watching: asyncio.Task[None] | None = None
        for source, schedule in schedules.items():
            # The second argument stands for the slot, which only the executor knows.
            self._scheduler.add_job(record, trigger_of(schedule), args=[source, EPOCH], id=source)

    def start(self) -> None:
        self._scheduler.start()
        self._watching = asyncio.create_task(self._watch_the_clock(), name="clock")

    def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running)

    def next_run_at(self, source: str) -> datetime | None:
        """When the source is due next; None when it is not scheduled."""
        job = self._scheduler.get_job(source)
        moment = getattr(job, "next_run_time", None)
        return moment.astimezone(UTC) if moment else None

    async def _watch_the_clock(self) -> None:
        """Go by the machine's clock again after it was set: APScheduler sleeps as long as it once computed."""
        while True:
            await asyncio.sleep(CLOCK_LOOK_SECONDS)
            now = datetime.now(UTC)
            for source, schedule in self._schedules.items():
                due, planned = slot_after(schedule, now), self.next_run_at(source)
                if due is not None and planned is not None and planned > due:
                    _log.warning("etl.clock_set_back", source=source, due=due.isoformat(), planned=planned.isoformat())
                    self._scheduler.modify_job(source, next_run_time=due)
            self._scheduler.wakeup()


class _Recorder(BaseExecutor):  # type: ignore[misc]  # apscheduler has no types
    """Runs a job as a task that knows its slot. Unlike APScheduler's own, it cancels nothing on shutdown."""

    def __init__(self) -> None:
        super().__init__()
        self._tasks: set[asyncio.Task[None]] = set()

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        task = asyncio.ensure_future(self._record(job, run_times))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _record(self, job: Job, run_times: list[datetime]) -> None:
        slot = run_times[-1].astimezone(UTC)
        for _ in range(RECORDING_ATTEMPTS):
            try:
                await job.func(job.id, slot)
                break
            except Exception as problem:
                _log.warning("etl.slot_not_recorded", source=job.id, slot=slot.isoformat(), error=str(problem))
                await asyncio.sleep(RECORDING_PAUSE_SECONDS)
        self._run_job_success(job.id, [])

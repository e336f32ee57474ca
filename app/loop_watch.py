"""Watching the event loop: while something keeps it, nobody is answered and no lease is renewed."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import structlog

TICK_SECONDS = 0.02
# What is said in the log; the metric tells of less, too.
BLOCKED_SECONDS = 0.05
_log = structlog.get_logger()


@contextlib.asynccontextmanager
async def loop_watched(observe: Callable[[float], None]) -> AsyncIterator[None]:
    """Inside, `observe` is told at every tick by how many seconds the event loop came late to it."""
    watch = asyncio.create_task(_watch(observe), name="loop watch")
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait([watch])


async def _watch(observe: Callable[[float], None]) -> None:
    while True:
        # Not the loop's own time, which stands still while it is kept.
        began, spent = time.perf_counter(), time.thread_time()
        await asyncio.sleep(TICK_SECONDS)
        late = max(0.0, time.perf_counter() - began - TICK_SECONDS)
        observe(late)
        if late > BLOCKED_SECONDS:
            # Little processor time of much: the machine was busy, or a call waited for something outside.
            cpu = time.thread_time() - spent
            _log.warning("event_loop.blocked", milliseconds=round(late * 1000), cpu_milliseconds=round(cpu * 1000))

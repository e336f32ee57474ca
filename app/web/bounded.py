"""Looking at something that may hang, without ever waiting long for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Bounded(Generic[T]):
    """A look shared by all who ask while it lasts, so that however many ask, at most one hangs.

    Whoever has waited `seconds` gets what was seen last, if that is at most `remembered` seconds old, or else a
    TimeoutError. A look that takes `longest` seconds is cancelled, but nobody waits for it to obey.
    """

    def __init__(
        self, look: Callable[[], Awaitable[T]], seconds: float, *, longest: float = 0.0, remembered: float = 0.0
    ) -> None:
        self._look = look
        self._seconds = seconds
        self._longest = max(longest, seconds)
        self._remembered = remembered
        self._task: asyncio.Task[T] | None = None
        self._began = 0.0
        self._seen: tuple[T, float] | None = None

    async def __call__(self) -> T:
        """Raises TimeoutError, or what the look raises."""
        if self._task is None or self._task.done():
            self._began = time.monotonic()
            self._task = asyncio.create_task(self._looked())
            self._task.add_done_callback(_retrieve)
        task = self._task
        await asyncio.wait({task}, timeout=self._seconds)
        if not task.done() and time.monotonic() - self._began >= self._longest:
            task.cancel()
        if task.done() and not task.cancelled():
            return task.result()
        return self._recall()

    async def _looked(self) -> T:
        seen = await self._look()
        self._seen = seen, time.monotonic()
        return seen

    def _recall(self) -> T:
        if self._seen is None or time.monotonic() - self._seen[1] > self._remembered:
            raise TimeoutError
        return self._seen[0]


def _retrieve(task: asyncio.Task[object]) -> None:
    """Look at the exception even if all who asked have given up, or asyncio complains about it."""
    if not task.cancelled():
        task.exception()

"""Looking at something that may hang, without ever waiting long for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Bounded(Generic[T]):
    """A look shared by all who ask while it lasts, so that however many ask, at most one hangs.

    Whoever has waited `seconds` gets a TimeoutError; the look is cancelled, but nobody waits for it to obey.
    """

    def __init__(self, look: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._look = look
        self._seconds = seconds
        self._task: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """Raises TimeoutError, or what the look raises."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._looked())
            self._task.add_done_callback(_retrieve)
        task = self._task
        await asyncio.wait({task}, timeout=self._seconds)
        if not task.done():
            task.cancel()
        if not task.done() or task.cancelled():
            raise TimeoutError
        return task.result()

    async def _looked(self) -> T:
        return await self._look()


def _retrieve(task: asyncio.Task[T]) -> None:
    """Look at the exception even if all who asked have given up, or asyncio complains about it."""
    if not task.cancelled():
        task.exception()

"""A limit to the time of operations, all of which have the same, by one timer for all of them."""

import asyncio
from types import TracebackType


class TimeLimit:
    """Ends what takes longer than `seconds`. Most operations are over long before, and never cost a timer."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        # The one that began first comes first, and is the first whose time is over.
        self._until: dict[_Limited, float] = {}
        self._watched_by: asyncio.AbstractEventLoop | None = None

    def held(self) -> "_Limited":
        """For a `with` inside a task: raises TimeoutError where the block takes longer."""
        return _Limited(self)

    def begin(self, limited: "_Limited") -> None:
        loop = asyncio.get_running_loop()
        if self._watched_by is not loop:
            # What another loop left behind will not be ended any more.
            self._until.clear()
        self._until[limited] = loop.time() + self.seconds
        if self._watched_by is not loop:
            self._watch(loop)

    def end(self, limited: "_Limited") -> None:
        self._until.pop(limited, None)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watched_by = loop if self._until else None
        for until in self._until.values():
            loop.call_at(until, self._look, loop)
            break

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        try:
            for limited in [each for each, until in self._until.items() if until <= now]:
                self.end(limited)
                limited.expire()
        finally:
            self._watch(loop)


class _Limited:
    """One block. What its task is told, and how it takes it, is as `asyncio.timeout` has it."""

    __slots__ = ("_before", "_expired", "_limit", "_task")

    def __init__(self, limit: TimeLimit) -> None:
        self._limit = limit
        self._expired = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can be ended")
        self._task = task
        self._before = task.cancelling()
        self._limit.begin(self)

    def expire(self) -> None:
        self._expired = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._limit.end(self)
        # Where somebody else cancelled the task as well, that is what happened.
        if self._expired and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error

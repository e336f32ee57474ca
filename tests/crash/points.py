"""Counting the points at which a process can die, from outside the product code.

A point stands before and after every SQL statement, COMMIT and ROLLBACK, and wherever a task of the event loop
suspends or goes on, which is every await that really waits. Between two points nothing outside the process can
tell how far it came.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect

T = TypeVar("T")
KILLED = 137
_LABEL_WIDTH = 60


class Points:
    """Numbers the points of this process from 1 and ends it, without any clean-up, at the one that is wanted."""

    def __init__(self, die_at: int | None, died: Callable[[str], None]) -> None:
        self.labels: list[str] = []
        self._die_at = die_at
        self._died = died

    def reach(self, label: str) -> None:
        self.labels.append(label)
        if len(self.labels) == self._die_at:
            self._died(label)
            os._exit(KILLED)

    def watch_sql(self) -> None:
        """Put points around every statement, COMMIT and ROLLBACK of every engine of this process."""

        def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            self.reach(f"before {_short(statement)}")

        def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            self.reach(f"after {_short(statement)}")

        event.listen(Engine, "before_cursor_execute", before)
        event.listen(Engine, "after_cursor_execute", after)
        for name, word in (("do_commit", "COMMIT"), ("do_rollback", "ROLLBACK")):
            setattr(DefaultDialect, name, self._around(getattr(DefaultDialect, name), word))

    def loop(self) -> asyncio.AbstractEventLoop:
        """An event loop with a point at every suspension of every task."""
        loop = asyncio.new_event_loop()
        loop.set_task_factory(self._task)
        return loop

    def _around(self, done: Callable[..., None], word: str) -> Callable[..., None]:
        def watched(dialect: DefaultDialect, connection: Any) -> None:
            self.reach(f"before {word}")
            done(dialect, connection)
            self.reach(f"after {word}")

        return watched

    def _task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T] | Generator[Any, None, T], **options: Any
    ) -> asyncio.Task[T]:
        assert isinstance(work, Coroutine)
        return asyncio.Task(_Watched(work, self), loop=loop, **options)


class _Watched(Coroutine[Any, Any, T]):
    """A coroutine with a point before each step and behind each suspension."""

    def __init__(self, work: Coroutine[Any, Any, T], points: Points) -> None:
        self._work = work
        self._points = points
        self._name = getattr(work, "__qualname__", "task")

    def send(self, value: Any) -> Any:
        self._points.reach(f"resumes {self._name}")
        waits_for = self._work.send(value)
        self._points.reach(f"waits {self._name}")
        return waits_for

    def throw(self, *problem: Any) -> Any:
        self._points.reach(f"resumes {self._name}")
        waits_for = self._work.throw(*problem)
        self._points.reach(f"waits {self._name}")
        return waits_for

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, T]:
        raise TypeError("a task's coroutine is stepped, not awaited")


def _short(statement: str) -> str:
    return " ".join(statement.split())[:_LABEL_WIDTH]

"""An event loop whose time is virtual: where a real one would sleep, this one sets its clock forward.

Work for threads is done on the spot, so that nothing depends on how the machine is feeling. What the standard
library tells as the time of day is the loop's, plus how wrong this machine's clock is.
"""

import asyncio
import selectors
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVarTuple

import time_machine

Ts = TypeVarTuple("Ts")
BEGAN = datetime(2026, 3, 1, 6, tzinfo=UTC)


class Stuck(Exception):
    """Nothing is due, and nothing can happen any more."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; a block within `told()` has `datetime.now` tell its time."""

    def __init__(self) -> None:
        super().__init__(_NothingComes(self._pass))
        self._elapsed = 0.0
        self._error = timedelta(0)
        self._machine = time_machine.travel(BEGAN, tick=False)
        self._coordinates = self._machine.start()

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self._elapsed

    @property
    def true_time(self) -> datetime:
        """The time of day, whatever this machine's clock says."""
        return BEGAN + timedelta(seconds=self._elapsed)

    def set_clock_wrong(self, error: timedelta) -> None:
        """Let this machine's clock be ahead of the true time, or behind it."""
        self._error = error
        self._tell()

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], Any], *args: *Ts) -> asyncio.Future[Any]:
        """Do it here and now."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:
            done.set_exception(problem)
        return done

    def close(self) -> None:
        self._machine.stop()
        super().close()

    def _write_to_self(self) -> None:
        """Nobody sleeps, so nobody has to be woken."""

    def _pass(self, seconds: float | None) -> None:
        if seconds is None:
            raise Stuck
        self._elapsed += seconds
        self._tell()

    def _tell(self) -> None:
        self._coordinates.move_to(self.true_time + self._error)


class _NothingComes(selectors.SelectSelector):
    """No file is ever ready; waiting for one lets time pass."""

    def __init__(self, let_pass: Callable[[float | None], None]) -> None:
        super().__init__()
        self._let_pass = let_pass

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._let_pass(timeout)
        return []

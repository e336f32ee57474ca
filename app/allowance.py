"""How often something may be done: a bucket of tokens that fills up steadily."""

import time
from collections.abc import Callable


class Allowance:
    """So many a minute, all of them at once if need be. `clock` is in seconds."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._left = self._most
        self._at = clock()

    def take(self) -> float:
        """Take one. 0 where there was one, else the seconds until there is."""
        now = self._clock()
        # A clock that was set back takes nothing away.
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / self._per_second
        self._left -= 1
        return 0.0

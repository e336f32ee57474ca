"""Virtual time: counted in ticks from a start, by command or along with the real clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .market import START


def _real_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """The market's time. Frozen at a tick until told otherwise, or live: a tick every `tick_seconds`.

    Never ahead of the real clock, however many ticks are asked for: no upstream knows the future.
    """

    def __init__(
        self,
        start: datetime | None = None,
        tick_seconds: float = 60.0,
        *,
        live: bool = False,
        real_now: Callable[[], datetime] = _real_now,
    ) -> None:
        if tick_seconds <= 0:
            raise ValueError("tick_seconds must be above 0")
        self.tick_seconds = tick_seconds
        self.live = live
        self._real_now = real_now
        self.start = start or (self._floored(real_now()) if live else START)
        self._base, self._set_at = 0, self._floored(real_now())

    @property
    def tick(self) -> int:
        """How many ticks have passed since the start."""
        if not self.live:
            return self._base
        return self._base + int((self._real_now() - self._set_at).total_seconds() // self.tick_seconds)

    @tick.setter
    def tick(self, tick: int) -> None:
        self._base, self._set_at = tick, self._floored(self._real_now())

    def moment(self, ticks_back: int = 0) -> datetime:
        """The virtual time now, or some ticks ago."""
        passed = timedelta(seconds=(self.tick - ticks_back) * self.tick_seconds)
        return min(self.start + passed, self._real_now())

    def real_now(self) -> datetime:
        """What a wall clock shows."""
        return self._real_now()

    def _floored(self, moment: datetime) -> datetime:
        """Two live servers with the same tick length then show the same moments."""
        seconds = moment.timestamp()
        return datetime.fromtimestamp(seconds - seconds % self.tick_seconds, UTC)

"""Turns of the event loop: work that comes all at once is spread over several, with everybody else in between."""

import asyncio

# What one request may take of a turn; then others are served first.
SLICE_SECONDS = 0.01
# graphql-core carries on in tasks of its own, which begin a turn later, and gathers tasks in those.
SETTLING_TURNS = 3


class Turns:
    """Of one request. A loader wakes up to a thousand resolvers at once, each of which goes on to build its part of
    the answer; without this, they would all do so before anything else is looked at."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._waiting = 0

    async def next(self) -> None:
        """Go on now if this turn has time left, else in one that has."""
        if self._has_time():
            return
        self._waiting += 1
        try:
            while not self._has_time():  # noqa: ASYNC110  turns are what is waited for
                await asyncio.sleep(0)
        finally:
            self._waiting -= 1

    async def all_taken(self) -> None:
        """Wait until nobody waits for a turn, and those who had one have come to what they ask for next."""
        rest = SETTLING_TURNS
        while rest:
            rest = SETTLING_TURNS if self._waiting else rest - 1
            await asyncio.sleep(0)

    def _has_time(self) -> bool:
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
            loop.call_soon(self._over)  # which is when the next turn begins
        return loop.time() - self._began < SLICE_SECONDS

    def _over(self) -> None:
        self._began = None

"""Places for operations: so many are carried out at a time, some wait, and the rest is sent away at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from graphql import GraphQLError

# For each place that many may wait. Turning clients away costs, too: those that come again at once take others' time.
WAITING_PER_PLACE = 64
PATIENCE_SECONDS = 5.0


class TooBusy(GraphQLError):
    """Nothing was done; the same can be asked again soon."""

    def __init__(self) -> None:
        super().__init__("too many requests at the moment; try again soon", extensions={"code": "TOO_BUSY"})


class Places:
    """`count` operations at a time, of the dear ones a single one: each of these holds the process up for a while."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)
        self._free_for_dear = asyncio.Semaphore(1)
        self._most_waiting = count * WAITING_PER_PLACE
        self._waiting = 0

    @asynccontextmanager
    async def taken_at_last(self) -> AsyncIterator[None]:
        """Hold a place, however long that takes: for the parts of what was begun."""
        async with self._free:
            yield

    def taken(self, *, dear: bool) -> "_Taken":
        """Hold a place. Raises TooBusy when none becomes free soon."""
        return _Taken(self, dear=dear)

    async def take(self, *, dear: bool) -> None:
        if not dear and not self._free.locked():
            # Nobody waits, so there is nothing to wait for.
            await self._free.acquire()
            return
        if self._waiting >= self._most_waiting:
            raise TooBusy
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._wait(dear=dear)
        except TimeoutError:
            raise TooBusy from None
        finally:
            self._waiting -= 1

    async def _wait(self, *, dear: bool) -> None:
        if not dear:
            await self._free.acquire()
            return
        # The narrow door first: dear operations that wait hold no place.
        await self._free_for_dear.acquire()
        try:
            await self._free.acquire()
        except BaseException:
            self._free_for_dear.release()
            raise

    def give_back(self, *, dear: bool) -> None:
        self._free.release()
        if dear:
            self._free_for_dear.release()


class _Taken:
    """A place held for the time of a block; a generator for it would cost more than the place."""

    __slots__ = ("_dear", "_places")

    def __init__(self, places: Places, *, dear: bool) -> None:
        self._places = places
        self._dear = dear

    async def __aenter__(self) -> None:
        await self._places.take(dear=self._dear)

    async def __aexit__(self, *_: object) -> None:
        self._places.give_back(dear=self._dear)

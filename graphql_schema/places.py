"""Places for operations: so many are carried out at a time, some wait, and the rest is sent away at once."""

import asyncio
from collections import deque
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
        self._free = _Queue(count)
        self._free_for_dear = _Queue(1)
        self._most_waiting = count * WAITING_PER_PLACE
        self._waiting = 0

    @asynccontextmanager
    async def taken_at_last(self) -> AsyncIterator[None]:
        """Hold a place, however long that takes: for the parts of what was begun."""
        await self._free.take()
        try:
            yield
        finally:
            self._free.give_back()

    def taken(self, *, dear: bool) -> "_Taken":
        """Hold a place. Raises TooBusy when none becomes free soon."""
        return _Taken(self, dear=dear)

    async def take(self, *, dear: bool) -> None:
        # Where nobody waits, there is nothing to wait for.
        if dear or not self._free.took_at_once():
            await self._take_soon(dear=dear)

    async def _take_soon(self, *, dear: bool) -> None:
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
            await self._free.take()
            return
        # The narrow door first: dear operations that wait hold no place.
        await self._free_for_dear.take()
        try:
            await self._free.take()
        except BaseException:
            self._free_for_dear.give_back()
            raise

    def give_back(self, *, dear: bool) -> None:
        self._free.give_back()
        if dear:
            self._free_for_dear.give_back()


class _Queue:
    """So many places, and who waits for one, first come, first served.

    Every answer takes one, and asyncio's semaphore needs six calls for that.
    """

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: deque[asyncio.Future[None]] = deque()

    def took_at_once(self) -> bool:
        if not self._free or self._waiting:
            return False
        self._free -= 1
        return True

    async def take(self) -> None:
        if self.took_at_once():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                # The place came as its owner was leaving.
                self.give_back()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def give_back(self) -> None:
        """Hand the place to who has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


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

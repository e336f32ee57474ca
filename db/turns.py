"""Work on many items in turns of the event loop, with everybody else in between.

It is not given to a thread, because Python runs one thread at a time: whoever answers meanwhile gives the interpreter
away with each row that SQLite reads, and has to wait for a while until the other thread gives it back.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
# What a turn takes away from those who want an answer; a turn itself costs some microseconds.
SLICE_SECONDS = 0.001
# Looking at the clock for each item would cost as much as making the small ones.
BETWEEN_LOOKS = 8
# So many turns in a row are given away while clients wait: an answer takes three or four. Among many clients a turn is
# long, and one is enough: work would never be done, and some of it keeps others from writing.
FOR_CLIENTS, FOR_CLIENTS_SECONDS = 4, 0.003


class _GivingWay:
    """Lets everybody else have a turn; several, while clients wait for their answers."""

    def __init__(self) -> None:
        self.waiting: Callable[[], int] = int

    @contextmanager
    def to(self, waiting: Callable[[], int]) -> Iterator[None]:
        """Inside, `waiting` says how many clients wait."""
        before, self.waiting = self.waiting, waiting
        try:
            yield
        finally:
            self.waiting = before

    async def __call__(self) -> None:
        now = asyncio.get_running_loop().time
        until = now() + FOR_CLIENTS_SECONDS
        for _ in range(FOR_CLIENTS):
            await asyncio.sleep(0)
            if not self.waiting() or now() >= until:
                return


# Where nobody serves, nobody waits.
give_way = _GivingWay()


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The items, for those whose making or use takes time."""
    now = asyncio.get_running_loop().time
    over = now() + SLICE_SECONDS
    for item in items:
        yield item
        if now() >= over:
            await give_way()
            over = now() + SLICE_SECONDS


async def made(items: Iterable[T]) -> list[T]:
    """The items as a list."""
    now = asyncio.get_running_loop().time
    found: list[T] = []
    rest = iter(items)
    over = now() + SLICE_SECONDS
    while some := list(islice(rest, BETWEEN_LOOKS)):
        found += some
        if now() >= over:
            await give_way()
            over = now() + SLICE_SECONDS
    return found

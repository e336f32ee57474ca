"""Loading many things that are asked for one by one, in one go."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from graphql_schema.turns import Turns

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Below what either driver takes as parameters of one statement.
MAX_BATCH = 1000


class Loader(Generic[K, V]):
    """Collects the keys that are asked for in one turn of the event loop and loads them together, each once.

    Whoever waited goes on in turns. The next batch waits for the last of them, since they ask for its keys: without
    that, the number of statements would depend on how long an answer takes to build.
    """

    def __init__(self, load: Callable[[list[K]], Awaitable[Sequence[V]]], turns: Turns) -> None:
        self._load = load
        self._turns = turns
        self._found: dict[K, asyncio.Future[V]] = {}
        self._asked: list[K] = []
        self._loading: set[asyncio.Task[None]] = set()

    async def load(self, key: K) -> V:
        """What belongs to the key. Raises what loading it raised."""
        if key not in self._found:
            self._found[key] = asyncio.get_running_loop().create_future()
            self._ask(key)
        # Shielded, since others may wait for the same key.
        found = await asyncio.shield(self._found[key])
        await self._turns.next()
        return found

    async def load_many(self, keys: Iterable[K]) -> list[V]:
        """What belongs to each of the keys."""
        return await asyncio.gather(*(self.load(key) for key in keys))

    def _ask(self, key: K) -> None:
        self._asked.append(key)
        if len(self._asked) == 1:
            task = asyncio.create_task(self._load_all())
            self._loading.add(task)
            task.add_done_callback(self._loading.discard)

    async def _load_all(self) -> None:
        await self._turns.all_taken()
        asked, self._asked = self._asked, []
        await asyncio.gather(*(self._load_some(asked[n : n + MAX_BATCH]) for n in range(0, len(asked), MAX_BATCH)))

    async def _load_some(self, keys: list[K]) -> None:
        try:
            found = await self._load(keys)
        except Exception as problem:
            for key in keys:
                self._found[key].set_exception(problem)
                # Looked at: nobody may be left to wait for it.
                self._found[key].exception()
        else:
            for key, value in zip(keys, found, strict=True):
                self._found[key].set_result(value)

"""SQLite without threads, as slow and as unreliable as wanted.

The product's own engines connect through here: each connection belongs to the process that opened it, each
statement takes one of its turns, waiting for another process's lock takes virtual time, and the disk may refuse
a statement, or lose the answer to a COMMIT that did, or did not, take place.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.engine import Engine

from db.sqlite import BUSY_TIMEOUT_SECONDS
from tests.simulation.host import HOST, Host

LOCK_POLL_SECONDS = 0.05
_BATCH = "INSERT INTO etl_batches"
_CLOCK_FORMAT = "%Y-%m-%dT%H:%M:%f000Z"


class Disk:
    """How the disk is doing: the share of statements that fail, and of batches whose COMMIT is not answered."""

    def __init__(self, random: Random) -> None:
        self.refused = 0.0
        self.lost = 0.0
        self._random = random

    def refuses(self) -> None:
        """Raise for a statement that the disk does not take."""
        if self._random.random() < self.refused:
            raise sqlite3.OperationalError("database or disk is full")

    def loses(self, *, batch: bool) -> bool | None:
        """Whether the answer to a COMMIT is lost: True after it took place, False before, None not at all.

        Mostly those of batches: a run rarely comes to its batches where all others are lost as often.
        """
        share = self.lost if batch else self.lost / 10
        return self._random.random() < 0.5 if self._random.random() < share else None


@contextlib.contextmanager
def simulated(disk: Disk) -> Iterator[None]:
    """Let all connections that are opened in the block go through `disk`."""

    def connect(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        options["async_creator_fn"] = lambda *a, **o: Connection(lambda: sqlite3.connect(*a, **o), disk)

    event.listen(Engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)


class Connection(aiosqlite.Connection):
    """A connection of the process that opens it; outside any process it is always well."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], disk: Disk) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._host: Host | None = HOST.get(None)
        self._disk = disk
        self._loads_a_batch = False
        self._tx = _AtOnce()  # type: ignore[assignment]

    def __await__(self) -> Generator[Any, None, "aiosqlite.Connection"]:
        return self._connect().__await__()

    def __del__(self) -> None:
        """A dead process's connections are closed already."""

    async def _connect(self) -> "aiosqlite.Connection":
        if self._host is not None:
            await self._host.turn()
        opened = self._connector()
        # Waiting takes virtual time: see `_patiently`.
        opened.execute("PRAGMA busy_timeout = 0")
        opened.create_function("strftime", -1, _now)
        self._connection = opened
        if self._host is not None:
            self._host.connections.add(opened)
        return self

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        if self._host is None:
            return fn(*args, **kwargs)
        if args and isinstance(args[0], str):
            await self._host.turn()
            self._disk.refuses()
            self._loads_a_batch |= args[0].startswith(_BATCH)
        return await self._patiently(fn, *args, **kwargs)

    async def commit(self) -> None:
        if self._host is None:
            self._conn.commit()
            return
        await self._host.turn()
        lost = self._disk.loses(batch=self._loads_a_batch)
        self._loads_a_batch = False
        if lost is not False:
            await self._patiently(self._conn.commit)
        if lost is not None:
            raise sqlite3.OperationalError("disk I/O error")
        await self._host.turn()

    def stop(self) -> None:
        self._running = False
        if self._connection is not None:
            if self._host is not None:
                self._host.connections.discard(self._connection)
            self._connection.close()
            self._connection = None

    async def close(self) -> None:
        self.stop()

    async def _patiently(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """As SQLite's busy handler: try again for a while."""
        loop = asyncio.get_running_loop()
        until = loop.time() + BUSY_TIMEOUT_SECONDS
        while True:
            try:
                return fn(*args, **kwargs)
            except sqlite3.OperationalError as problem:
                if "locked" not in str(problem) or loop.time() >= until:
                    raise
            await asyncio.sleep(LOCK_POLL_SECONDS)
            if self._host is not None:
                await self._host.alive()


class _AtOnce:
    """In place of the queue that a connection's thread reads."""

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, function = item
        result = function()
        if future is not None:
            future.set_result(result)


def _now(form: str, what: str, modifier: str = "+0 seconds") -> str:
    """SQLite's clock, which is the machine's; only as `db.clock` asks for it."""
    assert (form, what) == (_CLOCK_FORMAT, "now"), (form, what)
    moment = datetime.now(UTC) + timedelta(seconds=int(modifier.removesuffix(" seconds")))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}000Z"

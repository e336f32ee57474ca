"""One server process that can die, freeze and be asked to stop.

What a process does to the world goes through `turn`, which never comes back to one that is dead, and comes back
late to one that is frozen. Its memory may go on for a while; nobody will ever hear of it.
"""

import asyncio
import contextlib
import contextvars
import sqlite3
from random import Random

import httpx

from app.config import Settings
from app.services import Services, open_services
from db.errors import DatabaseError

HOST: contextvars.ContextVar["Host"] = contextvars.ContextVar("HOST")
"""The process that the running code belongs to."""
LONGEST_TURN_SECONDS = 0.02
RESTART_SECONDS = 5.0


class Host:
    """One process, from its start to its end."""

    def __init__(self, name: str, random: Random) -> None:
        self.name = name
        self.connections: set[sqlite3.Connection] = set()
        self.services: Services | None = None
        self.problems: list[str] = []
        self.dead = False
        self._random = random
        self._running = asyncio.Event()
        self._running.set()
        self._stopping = asyncio.Event()
        # Held on to, since the suspended tasks of a dead process must not be collected and unwound.
        self._never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    def start(self, settings: Settings, transport: httpx.AsyncBaseTransport) -> None:
        """Start the process, again and again while it can't open its database."""
        context = contextvars.copy_context()
        context.run(HOST.set, self)
        self._task = asyncio.create_task(self._serve(settings, transport), context=context)

    async def turn(self) -> None:
        """A moment of time before the next deed, at which the process may turn out to be frozen or dead."""
        await asyncio.sleep(self._random.random() * LONGEST_TURN_SECONDS)
        await self.alive()

    async def alive(self) -> None:
        """Wait while frozen; for ever when dead."""
        await self._running.wait()
        if self.dead:
            await self._never

    def freeze(self) -> None:
        self._running.clear()

    def thaw(self) -> None:
        self._running.set()

    def kill(self) -> None:
        """The end, without any clean-up but the operating system's: open files are closed."""
        self.dead = True
        for connection in self.connections:
            connection.close()
        self.connections.clear()

    async def stop(self) -> float:
        """Ask the process to stop and wait for it; returns how many seconds it took."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        self._stopping.set()
        if self._task is not None:
            await self._task
        return loop.time() - asked

    async def _serve(self, settings: Settings, transport: httpx.AsyncBaseTransport) -> None:
        while not self._stopping.is_set():
            try:
                async with open_services(settings, transport) as self.services:
                    await self._stopping.wait()
            except DatabaseError:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RESTART_SECONDS):
                        await self._stopping.wait()
            except Exception as problem:
                self.problems.append(f"{self.name} ended with {problem!r}")
                return
            finally:
                self.services = None

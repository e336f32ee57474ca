"""Following the log of run events: one look at the database for all followers of this process.

A follower is a place in the log and reads on from there at its own pace; nothing is kept for it, so a slow one costs
nothing. While there are followers, one task looks where the log ends, every POLL_SECONDS and whenever this process has
written. Followers that stand at the same place share what is read behind it.
"""

import asyncio
import contextlib
import heapq
from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import Any, TypeVar

import structlog

from db import run_event_reader
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.run_event_reader import Place, RunEvent
from db.runs import Run
from db.uninterrupted import uninterrupted
from graphql_schema.run_feed import Leaving, Told

POLL_SECONDS = 0.5
PAGE_EVENTS = 100
# Followers that catch up stand at places of their own; what they read is shared with nobody for long.
MOST_SHARED_PAGES = 50
_log = structlog.get_logger()
T = TypeVar("T")


class RunFeed:
    """The feed of one process, as `graphql_schema.run_feed.RunFeed` wants it."""

    def __init__(self, database: Database, poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._poll_seconds = poll_seconds
        self._followers: set[asyncio.Event] = set()
        self._watching: asyncio.Task[None] | None = None
        self._ends: Place = {}
        self._look = asyncio.Event()
        self._pages: dict[tuple[str, int], asyncio.Task[list[RunEvent]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def followers(self) -> int:
        """How many follow right now."""
        return len(self._followers)

    async def aclose(self) -> None:
        """Wait for whatever still reads; nobody may follow any more."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def ends(self) -> Place:
        """Where the log of each source ends now. Raises DatabaseUnavailable."""
        async with self._database.read() as connection:
            return await run_event_reader.ends(connection)

    async def check(self, source: str | None, place: Place) -> None:
        """Raises InvalidCursor, CursorExpired or DatabaseUnavailable."""
        async with self._database.read() as connection:
            await run_event_reader.check(connection, source, place)

    async def standing(self, run_id: int) -> tuple[Run, Place] | None:
        """A run and the place in its source's log it was read at. Raises DatabaseUnavailable."""
        async with self._database.read() as connection:
            return await run_event_reader.standing(connection, run_id)

    async def follow(
        self, source: str | None, place: Place, leaving: Leaving | None = None
    ) -> AsyncGenerator[Told, None]:
        """Everything behind a place and whatever comes, until the follower is leaving. Raises CursorExpired."""
        place = dict(place)
        leaving = leaving or asyncio.get_running_loop().create_future()
        with self._follower(leaving) as news:
            while not leaving.done():
                news.clear()
                events = await self._behind(source, place)
                for event in events:
                    if leaving.done():
                        return
                    place[event.source] = event.sequence
                    yield Told(event, dict(place))
                if not events:
                    await news.wait()

    async def _behind(self, source: str | None, place: Place) -> list[RunEvent]:
        """What is known to be behind a place, at most PAGE_EVENTS of each source; none while the database is away."""
        behind = [
            (name, place.get(name, 0))
            for name, end in self._ends.items()
            if source in {None, name} and end > place.get(name, 0)
        ]
        try:
            pages = [await self._page(name, sequence) for name, sequence in behind]
        except DatabaseUnavailable:
            # The end is looked for anew, and then there are news.
            self._ends = {}
            return []
        return list(heapq.merge(*pages, key=lambda event: event.at))

    async def _page(self, source: str, sequence: int) -> list[RunEvent]:
        key = source, sequence
        if key not in self._pages:
            if len(self._pages) >= MOST_SHARED_PAGES:
                self._pages.clear()
            self._pages[key] = self._start(self._read(source, sequence))
        # Shielded, because others may wait for the same page.
        return await asyncio.shield(self._pages[key])

    async def _read(self, source: str, sequence: int) -> list[RunEvent]:
        try:
            async with self._database.read() as connection:
                return await run_event_reader.behind(connection, source, sequence, PAGE_EVENTS)
        except Exception:
            self._pages.pop((source, sequence), None)
            raise

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name="run feed")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        # Looked at even if all who waited for it have left, or asyncio complains about it.
        if not task.cancelled():
            task.exception()

    @contextlib.contextmanager
    def _follower(self, leaving: Leaving) -> Iterator[asyncio.Event]:
        """An event that is set when there may be something new, or when the follower is leaving."""
        news = asyncio.Event()
        self._followers.add(news)

        def left(_: Leaving) -> None:
            news.set()

        leaving.add_done_callback(left)
        if self._watching is None:
            self._database.after_write.add(self._look.set)
            self._watching = self._start(self._watch())
        try:
            yield news
        finally:
            leaving.remove_done_callback(left)
            self._followers.discard(news)
            if not self._followers:
                self._stop_watching()

    def _stop_watching(self) -> None:
        self._database.after_write.discard(self._look.set)
        if self._watching is not None:
            self._watching.cancel()
        self._watching = None
        self._pages.clear()

    async def _watch(self) -> None:
        while True:
            self._look.clear()
            await self._look_once()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._look.wait()

    async def _look_once(self) -> None:
        try:
            ends = await uninterrupted(self.ends())
        except DatabaseUnavailable as problem:
            _log.warning("feed.look_failed", error=str(problem))
            await asyncio.sleep(self._poll_seconds)
            return
        except Exception:
            # Whatever it is, without this task nobody would ever be told anything again.
            _log.exception("feed.look_failed")
            await asyncio.sleep(self._poll_seconds)
            return
        if ends != self._ends:
            self._ends = ends
            self._pages.clear()
            for news in self._followers:
                news.set()

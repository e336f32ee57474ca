"""SQLite's driver: connections as SQLAlchemy gets them, and small reads straight through it.

Those are done on the event loop, where a thread would cost more than most statements.
"""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.engine import URL

from db.direct import STATEMENTS_KEPT, Fetch, NotDirect, Rows

# Short, because a statement that waits for SQLite's lock can't be interrupted; callers try again.
BUSY_TIMEOUT_SECONDS = 3
# A statement that was given up with its connection may take so long to end.
ENDING_SECONDS = 5.0
CACHE_KIB = 16 * 1024
# About 2 ms of SQLite's work.
STEPS, MOST_LOOKS, MOST_LOOKS_TOGETHER = 10_000, 5, 10
# What the event loop may be held up for.
LONG_SECONDS = 0.01
REMEMBERED_SECONDS = 60.0


class Connection(sqlite3.Connection):
    """A connection as we want it, which lets go of its locks when it is closed.

    SQLite keeps a closed connection and its transaction for as long as a statement of it is known to anybody. Where a
    task was cancelled, that is the traceback, which may stay until garbage is collected; so long nobody could write.
    """

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        try:
            self._configure()
        except BaseException:
            self.close()
            raise

    def _configure(self) -> None:
        # We begin transactions ourselves (see `engine`), so the driver must not.
        self.isolation_level = None
        # In one go: whoever is cancelled between two of them would leave a file that is half-way to its log.
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"cache_size = -{CACHE_KIB}",
        ):
            self.execute(f"PRAGMA {pragma}").close()

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.rollback()
        super().close()


class Connector:
    """Opens connections, and knows the threads they live in."""

    def __init__(self) -> None:
        self._home = threading.current_thread()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def __call__(self, *given: Any, **options: Any) -> Connection:
        with self._lock:
            alive = {thread for thread in self._threads if thread.is_alive()}
            self._threads = (alive | {threading.current_thread()}) - {self._home}
        return Connection(*given, **options)

    async def wait(self) -> None:
        """Wait until all connections are closed.

        Nobody waits for one whose user was cancelled, but its thread tells the event loop, which must be there then.
        """
        with self._lock:
            threads = [*self._threads]
        await asyncio.to_thread(_join, threads, time.monotonic() + ENDING_SECONDS)


def _join(threads: Iterable[threading.Thread], until: float) -> None:
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


class SqliteReader:
    """Connections that only read, wait for nobody, and give up what takes long: one for single statements, and one for
    several of one moment."""

    def __init__(self, url: URL) -> None:
        self._file = str(url.database)
        self._usable = not url.query and not self._file.startswith("file:")
        self._single: sqlite3.Connection | None = None
        self._several: sqlite3.Connection | None = None
        self._in_use = False
        self._looks_left = 0
        # Statements that took long, and until when that is remembered.
        self._long: dict[str, float] = {}

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Rows:
        if self._single is None:
            self._single = self._opened()
        self._looks_left = MOST_LOOKS
        return self._found(self._single, text, arguments)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Fetch]:
        """Together they may take twice as long as a single one; none is begun where those before took long."""
        if self._in_use:
            # Somebody's turn is not over yet.
            raise NotDirect
        if self._several is None:
            self._several = self._opened()
        several = self._several
        until = time.thread_time() + LONG_SECONDS

        async def fetch(text: str, arguments: Sequence[Any]) -> Rows:
            began = time.thread_time()
            if began > until:
                raise NotDirect
            found = self._found(several, text, arguments)
            # An index of texts takes its time in a single step.
            if time.thread_time() - began > LONG_SECONDS:
                self._remember(text)
            return found

        self._looks_left = MOST_LOOKS_TOGETHER
        self._in_use = True
        try:
            several.execute("BEGIN")
            yield fetch
        finally:
            self._in_use = False
            self._end(several)

    def _end(self, several: sqlite3.Connection) -> None:
        try:
            several.rollback()
        except sqlite3.Error:
            # Nobody knows what state it is in; what was read is read.
            self._several = None
            several.close()

    def _found(self, connection: sqlite3.Connection, text: str, arguments: Sequence[Any]) -> Rows:
        if self._long.get(text, 0.0) > time.monotonic():
            raise NotDirect
        looks = self._looks_left
        try:
            return connection.execute(text, arguments).fetchall()
        except sqlite3.OperationalError as error:
            # A lock is gone the next moment; what takes long by itself will do so again.
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT and looks - self._looks_left > MOST_LOOKS:
                self._remember(text)
            raise

    def _remember(self, text: str) -> None:
        if len(self._long) >= STATEMENTS_KEPT:
            self._long.clear()
        self._long[text] = time.monotonic() + REMEMBERED_SECONDS

    def _opened(self) -> sqlite3.Connection:
        if not self._usable:
            raise NotDirect
        opened = sqlite3.connect(self._file, timeout=0, isolation_level=None, cached_statements=256)
        opened.execute("PRAGMA query_only = ON")
        opened.set_progress_handler(self._is_long, STEPS)
        return opened

    def _is_long(self) -> bool:
        """SQLite asks this each so many steps, and ends the statement when told so."""
        self._looks_left -= 1
        return self._looks_left < 0

    async def close(self) -> None:
        for connection in filter(None, (self._single, self._several)):
            connection.close()
        self._single = self._several = None

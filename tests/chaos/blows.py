"""The blows dealt to a run: each starts the service, strikes at a random moment of its run, and judges its end."""

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import text

from db.engine import Database
from db.errors import DatabaseUnavailable
from tests.chaos.processes import Process, started
from tests.crash.databases import OTHERS, expire_leases, with_database

INGEST = ("-c", "from app.cli import main; main()", "etl", "run")
SERVE = ("-m", "app")
RUNNING = "etl.run_started"
ENDED = "etl.run_finished"
SUCCESS, FAILED, HELD, INTERRUPTED = 0, 1, 3, 75
STOP_SECONDS = 8.0
THAW_SECONDS = 0.05
ATTEMPTS = 200
LOCK_SECONDS = 0.3


@dataclass(slots=True)
class Arena:
    """Where blows are dealt: a database, the settings of the service, and how long a run takes unharmed."""

    url: str
    folder: Path
    settings: dict[str, str]
    random: Random
    run_seconds: float = 1.0

    def ingest(self) -> contextlib.AbstractContextManager[Process]:
        return started(INGEST, self.folder, self.settings)

    def strike_after(self) -> float:
        """A moment of a run, now and then one behind its end."""
        return self.random.uniform(0.0, self.run_seconds * 1.1)

    def expire(self) -> bool:
        """Let the leases run out; False if somebody keeps a lock on them."""
        try:
            if self.url.startswith("sqlite"):
                _expire_in_file(self.url.removeprefix("sqlite:///"))
            else:
                asyncio.run(with_database(self.url, _expire))
        except (DatabaseUnavailable, sqlite3.OperationalError):
            return False
        return True


Blow = Callable[[Arena], str | None]
"""Deals one blow; returns what is wrong with how the process took it, None for nothing."""


def kill(arena: Arena) -> str | None:
    """kill -9 of the command line."""
    with arena.ingest() as process:
        _at_some_moment(arena, process)
        process.send(signal.SIGKILL)
        process.join()
    return None


def kill_server(arena: Arena) -> str | None:
    """kill -9 of the server, which ingests at its start."""
    with started(SERVE, arena.folder, {**arena.settings, "PORT": "0"}) as process:
        _at_some_moment(arena, process)
        process.send(signal.SIGKILL)
        process.join()
    return None


def stop(arena: Arena) -> str | None:
    """SIGTERM: the run ends within eight seconds as interrupted, unless it had ended before."""
    with arena.ingest() as process:
        _at_some_moment(arena, process)
        asked = time.monotonic()
        process.send(signal.SIGTERM)
        code = process.join()
        seconds = time.monotonic() - asked
    if seconds > STOP_SECONDS:
        return f"took {seconds:.1f} s to stop"
    return _unexpected(process, code, (SUCCESS, INTERRUPTED, -signal.SIGTERM if process.said(ENDED) else SUCCESS))


def zombie(arena: Arena) -> str | None:
    """SIGSTOP beyond the lease; a successor does its work; then SIGCONT: it must end fenced, writing nothing."""
    with arena.ingest() as frozen:
        _at_some_moment(arena, frozen)
        if not _freeze_without_lock(arena, frozen):
            return None
        with arena.ingest() as successor:
            taken_over = _unexpected(successor, successor.join(), (SUCCESS,))
        frozen.send(signal.SIGCONT)
        return taken_over or _unexpected(frozen, frozen.join(), (SUCCESS, HELD))


def lose_connections(arena: Arena) -> str | None:
    """The database ends all connections of a run, several times; the run gets over it or fails in words."""
    with arena.ingest() as process:
        for _ in range(arena.random.randint(1, 3)):
            _at_some_moment(arena, process)
            asyncio.run(with_database(arena.url, _end_connections))
        code = process.join()
    if process.said("Traceback (most recent call last)"):
        return f"a traceback: {_tail(process)}"
    return _unexpected(process, code, (SUCCESS, FAILED))


BLOWS: dict[str, Sequence[Blow]] = {
    "sqlite": (kill, kill, kill, kill_server, zombie, stop),
    "postgresql": (kill, kill, kill, kill_server, zombie, stop, lose_connections),
}


def _at_some_moment(arena: Arena, process: Process) -> None:
    process.wait_for(RUNNING)
    time.sleep(arena.strike_after())


def _freeze_without_lock(arena: Arena, process: Process) -> bool:
    """Stop the process at a moment when it holds no lock, and let its lease run out. False if it ended meanwhile.

    One that is frozen inside a transaction keeps everybody waiting until it wakes up or dies, as it should.
    """
    for _ in range(ATTEMPTS):
        process.send(signal.SIGSTOP)
        if process.popen.poll() is not None:
            return False
        if arena.expire():
            return True
        process.send(signal.SIGCONT)
        time.sleep(THAW_SECONDS)
    raise TimeoutError("the process was never met without a lock")


def _expire_in_file(path: str) -> None:
    with contextlib.closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as connection, connection:
        connection.execute("UPDATE etl_leases SET expires_at = '2000-01-01T00:00:00.000000Z' WHERE holder IS NOT NULL")


async def _expire(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        await expire_leases(connection)


async def _end_connections(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}"))


def _unexpected(process: Process, code: int, expected: Sequence[int]) -> str | None:
    return None if code in expected else f"exit code {code}: {_tail(process)}"


def _tail(process: Process) -> str:
    return process.log.read_text(encoding="utf-8", errors="replace")[-1500:]

"""Databases that are put back to the same start again and again, each of one worker alone.

SQLite: the file is copied. PostgreSQL: the rows are put back from copies of the tables in another schema, which
takes milliseconds where a new database would take a good part of a second.
"""

import asyncio
import os
import shutil
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import asyncpg
from sqlalchemy import text

from db import migrate
from db.engine import Connection, Database
from db.tables import metadata
from tests.crash.forks import in_child

DEFAULT_POSTGRES_URL = "postgresql://postgres@127.0.0.1:5432/postgres"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
KINDS = ("sqlite", "postgresql")
T = TypeVar("T")


class Start(Protocol):
    """A database with a start to go back to."""

    @property
    def url(self) -> str: ...

    async def keep(self) -> None:
        """Make what the database holds now its start."""
        ...

    async def restore(self) -> None:
        """Go back to the start."""
        ...


class SqliteStart:
    """An SQLite file and a copy of it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "work.sqlite3"
        self._kept = folder / "start.sqlite3"
        self.url = f"sqlite:///{self._file}"

    async def keep(self) -> None:
        shutil.copy(self._file, self._kept)

    async def restore(self) -> None:
        self._copy_back()

    def _copy_back(self) -> None:
        for suffix in ("-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        shutil.copy(self._kept, self._file)


class PostgresqlStart:
    """A PostgreSQL database whose tables have a copy each in the schema `start`."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def keep(self) -> None:
        copies = [f"CREATE TABLE start.{table} AS SELECT * FROM public.{table}" for table in metadata.tables]
        await self._execute("CREATE SCHEMA start", *copies)

    async def restore(self) -> None:
        tables = metadata.sorted_tables
        await self._execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}",
            *(f"DELETE FROM public.{table.name}" for table in reversed(tables)),
            *(f"INSERT INTO public.{table.name} SELECT * FROM start.{table.name}" for table in tables),
            *(_next_id(table.name) for table in tables if table.c.get("id") is not None),
        )

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(";".join(statements))
        finally:
            await connection.close()


OTHERS = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"


def _next_id(table: str) -> str:
    return (
        f"SELECT setval(pg_get_serial_sequence('public.{table}', 'id'), "
        f"(SELECT coalesce(max(id), 0) + 1 FROM public.{table}), false)"
    )


def postgres_server() -> str:
    """The server's URL, up to the name of a database."""
    return os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES_URL)


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Start]:
    """An empty database with tables; a PostgreSQL one is dropped at the end."""
    if kind == "sqlite":
        start: Start = SqliteStart(folder)
        _run(lambda: with_database(start.url, migrate.upgrade))
        yield start
        return
    name = f"kasparro_crash_{uuid.uuid4().hex}"
    _run(lambda: _administer(f"CREATE DATABASE {name}"))
    try:
        # What is durable must outlive a process here, not the machine.
        _run(lambda: _administer(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        start = PostgresqlStart(f"{postgres_server().rpartition('/')[0]}/{name}")
        _run(lambda: with_database(start.url, migrate.upgrade))
        yield start
    finally:
        _run(lambda: _administer(f"DROP DATABASE {name} WITH (FORCE)"))


async def with_database(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Open a database for one piece of work."""
    database = Database(url)
    try:
        return await work(database)
    finally:
        await database.close()


async def expire_leases(connection: Connection) -> None:
    """What thirty seconds of silence do to the leases that are held."""
    past: Any = "2000-01-01T00:00:00.000000Z" if connection.dialect.name == "sqlite" else LONG_AGO
    await connection.execute(text("UPDATE etl_leases SET expires_at = :past WHERE holder IS NOT NULL"), {"past": past})


def _run(work: Callable[[], Awaitable[object]]) -> None:
    async def awaited() -> None:
        await work()

    in_child(lambda say: asyncio.run(awaited()))


async def _administer(statement: str) -> None:
    connection = await asyncpg.connect(postgres_server(), timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

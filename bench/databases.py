"""Empty databases for a measurement, of either kind, gone afterwards."""

import asyncio
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from db import migrate
from db.engine import Database

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


def postgres_version() -> str | None:
    """The server's version; None where none answers."""
    try:
        return asyncio.run(_ask("SHOW server_version"))
    except (OSError, asyncpg.PostgresError):
        return None


@contextmanager
def database(kind: str, *, migrated: bool = True) -> Iterator[str]:
    """The URL of a new database of the kind, `sqlite` or `postgresql`."""
    with sqlite_database() if kind == "sqlite" else postgres_database() as url:
        if migrated:
            asyncio.run(_migrate(url))
        yield url


@contextmanager
def sqlite_database() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/bench.sqlite3"


@contextmanager
def postgres_database() -> Iterator[str]:
    name = f"kasparro_bench_{uuid.uuid4().hex[:12]}"
    asyncio.run(_ask(f"CREATE DATABASE {name}"))
    try:
        yield f"{POSTGRES.rpartition('/')[0]}/{name}"
    finally:
        asyncio.run(_ask(f"DROP DATABASE {name} WITH (FORCE)"))


def path_of(url: str) -> Path:
    """The file of an SQLite URL."""
    return Path(url.removeprefix("sqlite:///"))


async def _migrate(url: str) -> None:
    opened = Database(url)
    await migrate.upgrade(opened)
    await opened.close()


async def _ask(statement: str) -> str | None:
    connection = await asyncpg.connect(POSTGRES, timeout=5)
    try:
        answer: str | None = await connection.fetchval(statement)
        return answer
    finally:
        await connection.close()

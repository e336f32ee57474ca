"""Fixtures for every test: an empty database of each kind.

PostgreSQL tests run where TEST_POSTGRES_URL answers. Elsewhere they are skipped, saying why; in CI they fail.
"""

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from db import migrate
from db.engine import Database

# The same examples every time, and no time limits: timings belong to benchmarks.
settings.register_profile(
    "kasparro",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("kasparro")

TEST_POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")

# TRUNCATE makes new files for every table and index, a tenth of a second for ours: only what grew large is worth it.
_EMPTY_TABLES = """
DO $$
DECLARE
    item record;
BEGIN
    SET LOCAL session_replication_role = replica; -- no triggers, no foreign keys: everything goes
    FOR item IN
        SELECT oid, oid::regclass AS name FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP
        IF pg_relation_size(item.oid) > 262144 THEN
            EXECUTE format('TRUNCATE %s CASCADE', item.name);
        ELSE
            EXECUTE format('DELETE FROM %s', item.name);
        END IF;
    END LOOP;
    PERFORM setval(oid::regclass, 1, false) FROM pg_class
    WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
END
$$
"""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with empty tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    asyncio.run(_create_tables(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database with empty tables, of this worker alone, dropped at the end."""
    name = f"kasparro_test_{uuid.uuid4().hex}"
    try:
        asyncio.run(_administer(f"CREATE DATABASE {name}"))
    except (OSError, asyncpg.PostgresError) as error:
        reason = f"no PostgreSQL at TEST_POSTGRES_URL ({type(error).__name__})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server, _, _ = TEST_POSTGRES_URL.rpartition("/")
    url = f"{server}/{name}"
    try:
        asyncio.run(_create_tables(url))
        yield url
    finally:
        asyncio.run(_administer(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with tables; the `database` fixture empties it."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.sqlite3")
    return f"sqlite:///{tmp_path / 'test.sqlite3'}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database with empty tables."""
    opened = Database(database_url)
    try:
        if not opened.is_sqlite:
            async with opened.write() as connection:
                await connection.exec_driver_sql(_EMPTY_TABLES)
        yield opened
    finally:
        await opened.close()


async def _create_tables(url: str) -> None:
    database = Database(url)
    try:
        await migrate.upgrade(database)
    finally:
        await database.close()


async def _administer(statement: str) -> None:
    connection = await asyncpg.connect(TEST_POSTGRES_URL, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

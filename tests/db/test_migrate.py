"""Migrations: data that was there before is searched and counted like new data."""

import asyncio
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import insert, text

from app.config import Settings
from app.db_command import upgrade_database
from db import catalog, migrate, run_counts
from db.catalog import Listing
from db.engine import Database
from db.enums import RunStatus
from db.keyset import Slice
from db.run_counts import RunCount
from db.tables import assets, runs, windows
from tests.graphql_schema.rows import START, asset, write

WINDOW = {"id": 1, "source": "csv", "mode": "full", "state": "closed", "opened_at": START}
RUN = {
    "id": 1, "source": "csv", "mode": "full", "trigger": "cli", "status": "success", "window_id": 1,
    "requested_at": START, "run_finished_at": START,
}  # fmt: skip


async def administer(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def unprivileged_url(postgres_url: str) -> Iterator[str]:
    """An empty database whose user may not create extensions in it."""
    name, server = f"kasparro_plain_{uuid.uuid4().hex}", postgres_url.rpartition("/")[0]
    owned = f"{server}/{name}"
    asyncio.run(administer(postgres_url, f"CREATE DATABASE {name}", f"CREATE ROLE {name} LOGIN"))
    asyncio.run(administer(owned, f"GRANT ALL ON SCHEMA public TO {name}"))
    try:
        yield owned.replace(server, f"{server.partition('://')[0]}://{name}@{server.rpartition('@')[2]}")
    finally:
        asyncio.run(administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}"))


@pytest.fixture(params=["sqlite", "postgresql", "postgresql without pg_trgm"])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        url = await asyncio.to_thread(request.getfixturevalue, "unprivileged_url")
    if request.param == "postgresql":
        user, database = url.partition("://")[2].partition("@")[0], url.rpartition("/")[2]
        await administer(request.getfixturevalue("postgres_url"), f"GRANT CREATE ON DATABASE {database} TO {user}")
    opened = Database(url)
    yield opened
    await opened.close()


async def test_what_was_there_before_is_searched_like_what_comes_after(
    empty: Database, request: pytest.FixtureRequest
) -> None:
    async with empty.write() as connection:
        await connection.run_sync(lambda sync: migrate._upgrade(sync, "0001"))
        before = [asset(1, name="Ethereum"), asset(2, name="Beth"), asset(3, name="Bitcoin")]
        await connection.execute(insert(windows).values(WINDOW))
        await connection.execute(insert(runs).values(RUN))
        await connection.execute(insert(assets), before)
    assert await migrate.upgrade(empty) == ("0001", migrate.head())
    await write(empty, assets, [asset(4, name="Ethereum Classic")])
    async with empty.read() as connection:
        found = {
            needle: [row.id for row in (await catalog.page(connection, Listing(search=needle), Slice(9))).rows]
            for needle in ("eth", "etherium", "ethereum c", "coin")
        }
        if not empty.is_sqlite:
            indexed = await connection.execute(
                text("SELECT count(*) FROM pg_class WHERE relname = 'ix_asset_search_text'")
            )
            assert indexed.scalar_one() == (0 if "without" in request.node.name else 1)
    assert found == {"eth": [1, 4, 2], "etherium": [1, 4], "ethereum c": [4], "coin": [1, 2, 3, 4]}


async def test_runs_that_were_there_before_are_counted(empty: Database) -> None:
    going = {"id": 4, "status": "running", "run_finished_at": None, "records_processed": 5}
    others: list[dict[str, Any]] = [
        {"id": 2, "records_processed": 7},
        {"id": 3, "status": "failed", "records_processed": 2**40},
        going,
    ]
    async with empty.write() as connection:
        await connection.run_sync(lambda sync: migrate._upgrade(sync, "0012"))
        await connection.execute(insert(windows).values(WINDOW))
        for run in ({}, *others):
            await connection.execute(insert(runs).values({**RUN, **run}))
    await migrate.upgrade(empty)
    async with empty.read() as connection:
        found = await run_counts.by_source_and_status(connection)
    assert sorted(found, key=lambda each: each.status) == [
        RunCount("csv", RunStatus.FAILED, 1, 2**40, START),
        RunCount("csv", RunStatus.RUNNING, 1, 5, None),
        RunCount("csv", RunStatus.SUCCESS, 2, 7, START),
    ]


def test_the_head_is_what_alembic_takes_for_it() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert scripts.get_heads() == [migrate.head()]


def test_alembic_is_not_loaded_where_nothing_is_to_migrate() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import app.server, sys; sys.exit('alembic' in sys.modules)"], check=False
    )
    assert done.returncode == 0


async def test_upgrading_counts_the_runs_that_an_older_version_ended(
    database_url: str, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await write(database, windows, [WINDOW])
    async with database.write() as connection:
        await connection.execute(insert(runs).values(RUN))
    assert await upgrade_database(Settings(database_url=database_url)) == 0
    assert "already" in capsys.readouterr().out
    async with database.read() as connection:
        assert await run_counts.by_source_and_status(connection) == [RunCount("csv", RunStatus.SUCCESS, 1, 0, START)]

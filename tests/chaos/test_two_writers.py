"""Two processes that read and then write one SQLite file: no update is lost and none is refused."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db.engine import Connection, Database

READ = text("SELECT asset_count FROM etl_sources WHERE source = 'csv'")
WRITE = text("UPDATE etl_sources SET asset_count = :count WHERE source = 'csv'")
WRITERS = 4
ROUNDS = 5


@pytest.fixture
async def writers(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[list[Database]]:
    """Several openings of one file, each with a writing connection of its own, as processes have them."""
    shutil.copy(sqlite_template, tmp_path / "shared.sqlite3")
    opened = [Database(f"sqlite:///{tmp_path}/shared.sqlite3") for _ in range(WRITERS)]
    async with opened[0].write() as connection:
        await connection.execute(text("INSERT INTO etl_sources (source) VALUES ('csv')"))
    yield opened
    for database in opened:
        await database.close()


async def read(connection: Connection) -> int:
    return int((await connection.execute(READ)).scalar_one())


async def add_one(database: Database, after_reading: float = 0.0) -> None:
    async with database.write() as connection:
        count = await read(connection)
        await asyncio.sleep(after_reading)
        await connection.execute(WRITE, {"count": count + 1})


async def test_a_writer_waits_for_one_that_has_read_already(writers: list[Database]) -> None:
    slow = asyncio.create_task(add_one(writers[0], after_reading=0.3))
    await asyncio.sleep(0.1)
    await asyncio.gather(slow, add_one(writers[1]))
    async with writers[2].read() as connection:
        assert await read(connection) == 2


async def test_many_writers_lose_nothing(writers: list[Database]) -> None:
    await asyncio.gather(*(add_one(database, 0.005) for database in writers for _ in range(ROUNDS)))
    async with writers[0].read() as connection:
        assert await read(connection) == WRITERS * ROUNDS

"""Clients of the application."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from db.engine import Database
from tests.app.serving import GoneDatabase, served


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with served(database) as found:
        yield found


@pytest.fixture
async def gone(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application whose database went away."""
    database = GoneDatabase(f"sqlite:///{tmp_path / 'gone.sqlite3'}")
    async with served(database) as found:
        yield found
    await database.close()

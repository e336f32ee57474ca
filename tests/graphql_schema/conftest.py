"""The graph, over an empty database and over none."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import Database
from tests.graphql_schema.fakes import Graph


@pytest.fixture
def graph(database: Database) -> Graph:
    return Graph(database)


@pytest.fixture
async def offline(tmp_path: Path) -> AsyncIterator[Graph]:
    """A graph over a file without tables; for requests that should never get that far."""
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    yield Graph(database)
    await database.close()

"""Reading straight through the driver: what is given up, and for how long."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from db.direct import NotDirect
from db.sqlite import SqliteReader

LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n LIMIT 1"


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[SqliteReader]:
    found = SqliteReader(make_url(f"sqlite:///{tmp_path / 'some.sqlite3'}"))
    yield found
    await found.close()


async def test_what_takes_long_is_not_begun_again_at_once(reader: SqliteReader) -> None:
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await reader.fetch(LONG, ())
    with pytest.raises(NotDirect):
        await reader.fetch(LONG, ())


async def test_what_met_a_lock_is_read_when_the_lock_is_gone(reader: SqliteReader, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "some.sqlite3", isolation_level=None)) as other:
        other.execute("CREATE TABLE things (id INTEGER)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await reader.fetch("SELECT count(*) FROM things", ())
        other.execute("ROLLBACK")
    assert await reader.fetch("SELECT count(*) FROM things", ()) == [(0,)]

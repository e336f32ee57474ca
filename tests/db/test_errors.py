"""Trouble of the database that may pass is told apart from mistakes of ours."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.engine import Database
from db.errors import DatabaseUnavailable

PASSING = ["57P01", "57P03", "53300", "25006", "40P01", "40001", "55P03", "08006", "58030"]
MISTAKES = ["22012", "42601", "23505", "57014", "P0001"]


@pytest.fixture
async def postgresql(postgres_url: str) -> AsyncIterator[Database]:
    opened = Database(postgres_url)
    yield opened
    await opened.close()


async def fail_with(database: Database, state: str) -> None:
    """Have PostgreSQL itself report the error."""
    async with database.write() as connection:
        await connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '{state}'; END $$"))


@pytest.mark.parametrize("state", PASSING)
async def test_what_may_pass_is_unavailable(postgresql: Database, state: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"^database unavailable: .*away"):
        await fail_with(postgresql, state)


@pytest.mark.parametrize("state", MISTAKES)
async def test_a_mistake_stays_a_mistake(postgresql: Database, state: str) -> None:
    with pytest.raises(DBAPIError):
        await fail_with(postgresql, state)

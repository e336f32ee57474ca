"""Many rows in one statement: whichever way they go in, the outcome is the same."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, text

from db.bulk import BulkInsert
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables import asset_words

WORDS = BulkInsert(asset_words, ("length", "word", "reversed"), "ON CONFLICT DO NOTHING")
# Of as many rows PostgreSQL gets by COPY what is likely new.
MANY = 150

# Every connection that writes a row to this table is cut off by the server.
DOOMED = Table("doomed", MetaData(), Column("n", Integer))
_DOOM = """
CREATE TABLE doomed (n integer);
CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER cut_off BEFORE INSERT ON doomed FOR EACH ROW EXECUTE FUNCTION cut_off()
"""


def words(first: int) -> list[tuple[int, str, str]]:
    return [(5, f"{n:05}", f"{n:05}"[::-1]) for n in range(first, first + MANY)]


@pytest.mark.parametrize("likely_new", [True, False])
async def test_rows_that_are_there_already_are_passed_over(database: Database, likely_new: bool) -> None:
    async with database.write() as connection:
        assert await WORDS.run(connection, words(0), likely_new=likely_new) == MANY
    async with database.write() as connection:
        assert await WORDS.run(connection, words(100), likely_new=likely_new) == 100
        assert await WORDS.run(connection, words(100), likely_new=likely_new) == 0
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM asset_words"))).scalar() == MANY + 100


@pytest.fixture
async def doomed(postgres_url: str) -> AsyncIterator[Database]:
    opened = Database(postgres_url)
    async with opened.write() as connection:
        for statement in _DOOM.split(";\n"):
            await connection.execute(text(statement))
    yield opened
    async with opened.write() as connection:
        await connection.execute(text("DROP TABLE doomed"))
        await connection.execute(text("DROP FUNCTION cut_off"))
    await opened.close()


async def test_a_connection_that_is_lost_in_the_middle_of_a_copy_may_come_back(doomed: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with doomed.write() as connection:
            await BulkInsert(DOOMED, ("n",)).run(connection, [(n,) for n in range(MANY)])
    async with doomed.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM doomed"))).scalar() == 0

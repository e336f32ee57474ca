"""The migrations give the tables that the code speaks of."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from db.engine import Database
from db.tables import metadata


def _differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_a_migrated_database_has_exactly_the_tables_of_the_code(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []

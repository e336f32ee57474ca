"""The migrations give the tables that the code speaks of, and besides them only the search index."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from db.engine import Database
from db.tables import metadata


def _differences(connection: Connection) -> list[Any]:
    options = {"include_name": _is_of_ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def _is_of_ours(name: str | None, kind: str, parents: Any) -> bool:
    """What each database needs for its own kind of text index is written down in the migration alone."""
    return kind != "table" or not str(name).startswith("asset_search")


async def test_a_migrated_database_has_exactly_the_tables_of_the_code(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_upstreams_sent_is_compressed_by_the_fast_method_where_there_is_one(database: Database) -> None:
    methods = "SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'"
    chosen = """SELECT attcompression::text FROM pg_attribute WHERE (attrelid::regclass::text, attname) IN
                (('etl_window_pages', 'body'), ('raw_assets', 'payload'))"""
    async with database.read() as connection:
        has_it = "lz4" in ((await connection.exec_driver_sql(methods)).scalar() or ())
        assert [*(await connection.exec_driver_sql(chosen)).scalars()] == ["l" if has_it else ""] * 2

"""How much room tables take: told the same way by both databases."""

from db import storage, tables
from db.engine import Database
from tests.graphql_schema.rows import asset, point, write, write_assets


async def test_rows_and_bytes_of_every_table(database: Database) -> None:
    await write_assets(database, asset(1))
    await write(database, tables.asset_history, [point(1, n / 60, float(n)) for n in range(2000)])
    async with database.read() as connection:
        rooms = {room.table: room for room in await storage.of_tables(connection)}
    assert rooms.keys() == tables.metadata.tables.keys()
    history, empty = rooms["asset_history"], rooms["etl_quarantine"]
    assert (history.rows, empty.rows, empty.bytes_a_row) == (2000, 0, None)
    if history.bytes is not None:
        # More than the figures alone, and no more than a page for each.
        assert history.bytes_a_row is not None
        assert 60 < history.bytes_a_row < 4096

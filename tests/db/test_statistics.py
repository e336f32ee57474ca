"""The planner hears of tables that grew, and only of them."""

from sqlalchemy import text

from db import statistics
from db.engine import Database
from tests.graphql_schema.rows import asset, write_assets

MANY = 3000
MANY_COINS = """INSERT INTO coins (id, source, external_id, slug_base, slug, symbol, name, symbol_folded, name_folded)
  SELECT n, 'csv', n, 'coin-' || n, 'coin-' || n, 'C', 'Coin', 'c', 'coin' FROM generate_series(1, 30000) AS n"""
WISHES = "SELECT slug_base FROM coins WHERE slug_base = ANY(CAST(:wishes AS text[]))"


async def test_tables_that_grew_are_looked_at_once(database: Database) -> None:
    await write_assets(database, *(asset(n) for n in range(1, MANY + 1)))
    assert await statistics.refresh(database) == ([] if database.is_sqlite else ["assets"])
    assert await statistics.refresh(database) == []


async def test_wishes_for_slugs_are_found_by_their_index_however_fast_coins_come(database: Database) -> None:
    if database.is_sqlite:
        return
    async with database.write() as connection:
        await connection.execute(text(MANY_COINS))
    await statistics.refresh(database)
    async with database.read() as connection:
        explained = await connection.execute(text(f"EXPLAIN {WISHES}"), {"wishes": [f"no-{n}" for n in range(100)]})
        assert "Seq Scan" not in "\n".join(explained.scalars())

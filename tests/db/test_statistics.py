"""The planner hears of tables that grew, and only of them."""

import pytest
from sqlalchemy import select, text

from db import statistics, tables
from db.bulk import among
from db.engine import Database
from etl.identity import linking
from tests.graphql_schema.rows import asset, write_assets

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
MANY = 3000
MANY_COINS = """WITH RECURSIVE counted AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM counted WHERE n < 30000)
  INSERT INTO coins (id, source, external_id, slug_base, slug, symbol, name, symbol_folded, name_folded)
  SELECT n, 'csv', n, 'coin-' || n, 'coin-' || n, 'C', 'Coin', 'c', 'coin' FROM counted"""


async def test_tables_that_grew_are_looked_at_once(database: Database) -> None:
    if not database.is_sqlite:
        async with database.write() as connection:
            # Files that other tests let grow stay as long as they are.
            await connection.execute(text("TRUNCATE assets, asset_search CASCADE"))
    await write_assets(database, *(asset(n) for n in range(1, MANY + 1)))
    assert await statistics.refresh(database) == ([] if database.is_sqlite else ["assets"])
    assert await statistics.refresh(database) == []


async def test_a_pass_over_many_assets_leaves_the_planner_informed(database: Database) -> None:
    await write_assets(database, *(asset(n) for n in range(1, MANY + 1)))
    assert (await linking.catch_up(database)).placed == MANY
    assert "assets" not in await statistics.refresh(database)


async def test_wishes_for_slugs_are_found_by_their_index_however_fast_coins_come(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text(MANY_COINS))
    await statistics.refresh(database)
    async with database.read() as connection:
        wished = select(tables.coins.c.slug_base).where(
            among(connection, tables.coins.c.slug_base, [f"no-{n}" for n in range(100)])
        )
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        sql = wished.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        plan = str((await connection.exec_driver_sql(f"{explain} {sql}")).all())
    assert "ix_coins_slug_base" in plan


@only_postgresql
async def test_a_pass_leaves_no_text_waiting_for_its_index(database: Database) -> None:
    async def waiting() -> int:
        async with database.read() as connection:
            asked = "SELECT pending_tuples FROM pgstatginindex('ix_asset_search_text')"
            return int((await connection.execute(text(asked))).scalar_one())

    async with database.write() as connection:
        await connection.execute(text("CREATE EXTENSION pgstattuple"))
    await write_assets(database, *(asset(n) for n in range(1, 101)))
    assert await waiting() == 100
    await linking.catch_up(database)
    assert await waiting() == 0

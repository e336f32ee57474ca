"""Old windows are forgotten whole; what an asset shows is never lost."""

from datetime import UTC, datetime

from sqlalchemy import text

from db import retention
from db.engine import Database
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource, row


async def age(database: Database, window: int) -> None:
    past = "2000-01-01T00:00:00.000000Z" if database.is_sqlite else datetime(2000, 1, 1, tzinfo=UTC)
    async with database.write() as connection:
        await connection.execute(
            text("UPDATE etl_windows SET closed_at = :past WHERE id <= :id"), {"past": past, "id": window}
        )


async def test_only_old_windows_are_forgotten_and_never_what_is_shown(
    database: Database, ingest: Ingest, query: Query
) -> None:
    for minute in range(3):
        await ingest(
            MemorySource(
                [
                    [row("moving", price=minute, minute=minute), row("still"), b'{"id":7}']
                    + [row(f"more-{n}") for n in range(3)]
                ]
            )
        )
    await age(database, window=2)
    assert await retention.prune(database, "csv", days=30) > 0
    assert await query("SELECT DISTINCT window_id FROM etl_batches") == [(3,)]
    kept = await query(
        "SELECT external_id, window_id FROM raw_assets WHERE external_id IN ('moving', 'still') ORDER BY 1"
    )
    assert kept == [("moving", 3), ("still", 1)]
    assert await query("SELECT raw_count, retained_after FROM etl_sources") == [(5, 2)]
    assert await query("SELECT count(*) FROM etl_quarantine") == [(0,)]
    assert await retention.prune(database, "csv", days=30) == 0


async def test_nothing_is_old_yet(database: Database, ingest: Ingest) -> None:
    await ingest(MemorySource([[row("btc")]]))
    assert await retention.prune(database, "csv", days=1) == 0


async def test_the_boundary_never_moves_back(database: Database, ingest: Ingest, query: Query) -> None:
    for _ in range(2):
        await ingest(MemorySource([[row("btc")]]))
    await age(database, window=2)
    await retention.prune(database, "csv", days=30)
    async with database.write() as connection:
        await connection.execute(text("UPDATE etl_windows SET closed_at = opened_at WHERE id = 2"))
    await retention.prune(database, "csv", days=60)
    assert await query("SELECT retained_after FROM etl_sources") == [(2,)]

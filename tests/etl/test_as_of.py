"""What was believed at a moment is what a reader would have seen then, at whatever moment and however it is asked."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db import catalog
from db.catalog import Listing, Order
from db.engine import Database
from db.enums import RunMode
from db.filters import Where
from db.keyset import Slice
from db.tables import asset_history
from tests.etl.conftest import Ingest
from tests.fakes import MemorySource, row

FIGURES = ("external_id", "price_usd", "market_cap_usd", "volume_24h_usd", "rank")
EVERYTHING = Slice(1000)
LISTINGS = (
    Listing(),
    Listing(order=(Order("price_usd", descending=True),)),
    Listing(Where("price_usd", "gt", 2.0), order=(Order("external_id"),)),
    Listing(search="coin-1"),
)


async def listed(database: Database, listing: Listing) -> list[tuple[Any, ...]]:
    """The whole list, read as pages of two."""
    rows: list[tuple[Any, ...]] = []
    cursor: str | None = None
    async with database.read() as connection:
        while True:
            page = await catalog.page(connection, listing, Slice(2, after=cursor), FIGURES)
            rows += [tuple(found)[: len(FIGURES)] for found in page.rows]
            if not page.has_next:
                break
            cursor = page.cursor(page.rows[-1])
        assert await catalog.count(connection, listing) == len(rows)
    return rows


async def newest_time(database: Database) -> datetime:
    async with database.read() as connection:
        newest = select(asset_history.c.recorded_at).order_by(asset_history.c.recorded_at.desc()).limit(1)
        found: datetime = (await connection.execute(newest)).scalar_one()
    return found


def at(listing: Listing, moment: datetime) -> Listing:
    return Listing(listing.condition, listing.search, listing.order, moment)


@pytest.mark.parametrize("seed", range(3))
async def test_every_moment_equals_a_snapshot_taken_then(database: Database, ingest: Ingest, seed: int) -> None:
    """Changes, repeats, older records, late comers, a forced rewrite: after each run a snapshot, asked for later."""
    chance = random.Random(seed)
    snapshots: dict[datetime, list[list[tuple[Any, ...]]]] = {}
    for _ in range(8):
        coins = chance.sample(range(12), chance.randint(1, 8))
        page = [row(f"coin-{n}", float(chance.randint(1, 4)), minute=chance.randint(0, 9)) for n in coins]
        mode = chance.choice((RunMode.INCREMENTAL, RunMode.INCREMENTAL, RunMode.FULL))
        await ingest(MemorySource([page]), batch_size=3, mode=mode)
        snapshots[await newest_time(database)] = [await listed(database, listing) for listing in LISTINGS]
    for moment, expected in snapshots.items():
        assert [await listed(database, at(listing, moment)) for listing in LISTINGS] == expected
    first = min(snapshots)
    assert await listed(database, at(Listing(), first - timedelta(days=1))) == []
    future = datetime(2999, 1, 1, tzinfo=UTC)
    assert await listed(database, at(Listing(), future)) == await listed(database, Listing())

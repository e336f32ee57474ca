"""Housekeeping forgets what the settings allow, and goes on where a source fails."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.config import Settings
from app.housekeeping import keep_house
from app.services import keeping_of
from db import tables
from db.engine import Database
from db.history_retention import Keeping
from tests.graphql_schema.rows import asset, write, write_assets


async def test_history_is_thinned_by_the_settings(database: Database) -> None:
    settings = Settings(history_hourly_after_days=2, history_daily_after_days=30, history_retention_days=400)
    assert keeping_of(settings) == Keeping(hourly_after=2, daily_after=30, forget_after=400)
    await write_assets(database, asset(1))
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=4)
    points = [
        {"asset_id": 1, "at": at, "recorded_at": at, "price_usd": 1.0, "record_id": "r", "run_id": 1}
        for at in (hour + timedelta(minutes=minute) for minute in (5, 25, 45))
    ]
    await write(database, tables.asset_history, points)
    written = asyncio.Event()
    database.after_write.add(written.set)
    keeping_house = asyncio.create_task(keep_house(database, ("coingecko",), None, keeping_of(settings)))
    try:
        async with asyncio.timeout(30):
            while await _points(database) != 1:
                await written.wait()
                written.clear()
    finally:
        keeping_house.cancel()
        await asyncio.wait([keeping_house])


async def _points(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM asset_history"))).scalar_one())

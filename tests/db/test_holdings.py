"""Holdings count what is stored, and remember the newest times whatever the day."""

from datetime import UTC, datetime, timedelta

import pytest

from db import holdings
from db.engine import Database
from db.holdings import Holdings

NOON = datetime(2025, 1, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(days=1), timedelta(days=400)])
async def test_the_newest_time_wins_and_keeps_its_zone(database: Database, later: timedelta) -> None:
    async with database.write() as connection:
        for moment in (NOON, NOON + later, NOON - later):
            await holdings.add(connection, "csv", Holdings(1, 2, moment, moment))
        held = await holdings.by_source(connection)
    assert held == {"csv": Holdings(3, 6, NOON + later, NOON + later)}

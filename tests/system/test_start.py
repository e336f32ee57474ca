"""What a starting server takes up, and what its clock does while the database is away."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app import scheduler as scheduler_module
from app.scheduler import Scheduler
from app.services import open_services
from db import runs
from db.engine import Database
from db.enums import RunMode, RunTrigger
from db.errors import DatabaseUnavailable
from tests.app.serving import settings_of

CSV_ONLY = {"etl_sources": ("csv",), "etl_schedule_csv": "off", "etl_run_on_startup": False}


async def triggers(database: Database, ended_as: str) -> list[str]:
    """Why runs were asked for, once a server has started behind a run that ended so."""
    async with database.write() as connection:
        await runs.request(connection, "csv", RunMode.INCREMENTAL, RunTrigger.MANUAL)
        await connection.execute(text("UPDATE etl_runs SET status = :status"), {"status": ended_as})
    async with open_services(settings_of(database, **CSV_ONLY)):
        pass
    async with database.read() as connection:
        return list((await connection.execute(text("SELECT trigger FROM etl_runs ORDER BY id"))).scalars())


async def test_an_interrupted_run_is_taken_up_again_whatever_the_settings_say(database: Database) -> None:
    assert await triggers(database, "interrupted") == ["manual", "startup"]


@pytest.mark.parametrize("status", ["success", "failed", "cancelled"])
async def test_any_other_run_is_not(database: Database, status: str) -> None:
    assert await triggers(database, status) == ["manual"]


async def test_a_slot_is_recorded_as_soon_as_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_module, "RECORDING_PAUSE_SECONDS", 0.0)
    asked: list[datetime] = []
    recorded = asyncio.Event()

    async def record(source: str, slot: datetime) -> None:
        asked.append(slot)
        if len(asked) < 4:
            raise DatabaseUnavailable("database unavailable: gone")
        recorded.set()

    scheduler = Scheduler({"csv": "1d"}, record)
    scheduler.start()
    scheduler._scheduler.modify_job("csv", next_run_time=datetime(2025, 1, 20, tzinfo=UTC))
    try:
        await asyncio.wait_for(recorded.wait(), 5)
        await asyncio.sleep(0.01)
    finally:
        scheduler.stop()
    assert len(asked) == 4
    assert len(set(asked)) == 1

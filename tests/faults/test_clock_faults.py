"""Clocks that jump a day, forward and back: in the middle of a batch, between runs, and for good."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app import scheduler as scheduler_module
from app.scheduler import Scheduler
from db.clock import now
from db.enums import RunStatus
from tests import upstream as local
from tests.faults.clocks import shifted
from tests.faults.conftest import InBatch
from tests.faults.world import COINS, World
from tests.upstream import Fault, Match

DAY = timedelta(days=1, minutes=1)
either_way = pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])


async def database_time(world: World) -> datetime:
    async with world.database.read() as connection:
        return (await connection.execute(select(now()))).scalar_one()


@either_way
@pytest.mark.parametrize("name", ["coingecko", "csv"])
async def test_a_clock_that_jumps_in_the_middle_of_a_batch(
    world: World, in_batch: InBatch, monkeypatch: pytest.MonkeyPatch, jump: timedelta, name: str
) -> None:
    async with shifted(world, monkeypatch) as clock:

        async def jumps() -> None:
            clock.shift = jump

        in_batch(2, jumps)
        run = await world.run(name)
        assert (run.status, run.records_processed) == (RunStatus.SUCCESS, COINS)
        assert abs(await database_time(world) - datetime.now(UTC) - jump) < timedelta(minutes=1)
        await world.heals(name)
        clock.shift = timedelta()
        await world.recovered(name)


@either_way
async def test_a_clock_that_jumps_between_a_failure_and_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    async with shifted(world, monkeypatch) as clock:
        world.market.set_faults([Fault("status", {"status": 500}, Match(page=2))])
        assert (await world.run("coingecko")).status is RunStatus.FAILED
        clock.shift = jump
        world.market.set_faults(())
        run = await world.run("coingecko", fail_after=5)
        assert run.records_processed == 5
        clock.shift = timedelta()
        await world.heals("coingecko")
    await world.recovered("coingecko")


async def test_prices_of_tomorrow_are_refused_until_the_clock_is_right(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that is a day behind takes what upstreams say now for the future."""
    world.market.clock = local.Upstream(size=1, start=datetime.now(UTC)).clock
    async with shifted(world, monkeypatch) as clock:
        clock.shift = -DAY
        run = await world.run("coingecko")
        assert run.status is RunStatus.FAILED
        assert "future" in str(run.error)
        assert await world.count("assets") == 0
        clock.shift = timedelta()
        await world.recovered("coingecko")


@pytest.mark.parametrize("schedule", ["1d", "0 0 * * *"])
async def test_a_clock_that_is_set_back_does_not_silence_a_schedule(
    monkeypatch: pytest.MonkeyPatch, schedule: str
) -> None:
    """A job that fired while the clock was a day ahead is due again a day too late."""

    async def record(source: str, slot: datetime) -> None:
        raise AssertionError("nothing is due here")

    monkeypatch.setattr(scheduler_module, "CLOCK_LOOK_SECONDS", 0.01)
    scheduler = Scheduler({"csv": schedule}, record)
    scheduler.start()
    try:
        right = scheduler.next_run_at("csv")
        assert right is not None
        scheduler._scheduler.modify_job("csv", next_run_time=right + DAY)
        await asyncio.sleep(0.1)
        assert scheduler.next_run_at("csv") == right
    finally:
        scheduler.stop()

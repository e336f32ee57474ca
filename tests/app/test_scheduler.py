"""Slots: the same for everyone, recorded once, made good after a pause."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from app.scheduler import Scheduler
from app.schedules import interval_seconds, missed_slot, period_of, slot_after
from tests.simulation.clock import BEGAN, VirtualLoop

NOON = datetime(2025, 1, 20, 12, tzinfo=UTC)
A_BIT_LATER = NOON + timedelta(minutes=7, seconds=3)


@pytest.mark.parametrize(
    ("schedule", "last", "slot"),
    [
        ("5m", NOON, NOON + timedelta(minutes=5)),
        ("5m", NOON + timedelta(minutes=5), None),
        ("1m", NOON - timedelta(days=400), NOON + timedelta(minutes=7)),
        ("*/2 * * * *", NOON, NOON + timedelta(minutes=6)),
        ("0 12 * * *", NOON - timedelta(days=2), NOON),
        ("0 12 * * *", NOON, None),
        ("5m", None, None),
    ],
)
def test_the_latest_missed_slot(schedule: str, last: datetime | None, slot: datetime | None) -> None:
    assert missed_slot(schedule, last, A_BIT_LATER) == slot


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5M", 300), ("2 h", 7200), ("1d", 86400)])
def test_intervals(text: str, seconds: int) -> None:
    assert interval_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "0s", "m", "5x", "* * * * *", "-5m"])
def test_what_is_no_interval(text: str) -> None:
    assert interval_seconds(text) is None


def test_the_period_of_a_schedule() -> None:
    assert period_of("20m", NOON) == timedelta(minutes=20)
    assert period_of("0 */6 * * *", NOON) == timedelta(hours=6)


async def test_two_schedulers_name_the_same_slot_and_say_when_the_next_is_due() -> None:
    recorded: list[tuple[str, datetime]] = []
    both = asyncio.Event()

    async def record(source: str, slot: datetime) -> None:
        recorded.append((source, slot))
        if len(recorded) >= 2:
            both.set()

    schedulers = [Scheduler({"csv": "1s"}, record) for _ in range(2)]
    for scheduler in schedulers:
        scheduler.start()
    due = schedulers[0].next_run_at("csv")
    try:
        await asyncio.wait_for(both.wait(), 10)
    finally:
        for scheduler in schedulers:
            scheduler.stop()
        await asyncio.sleep(0)
    assert due is not None
    assert due.microsecond == 0
    assert recorded[0] == recorded[1]
    assert recorded[0][0] == "csv"
    assert schedulers[0].next_run_at("coingecko") is None
    assert not schedulers[0].running


@pytest.mark.parametrize("error", [timedelta(days=1), timedelta(days=-1), timedelta(hours=-3)])
def test_a_clock_that_is_set_and_set_right_again_does_not_silence_a_schedule(error: timedelta) -> None:
    recorded: list[tuple[float, datetime]] = []
    loop = VirtualLoop()

    async def record(source: str, slot: datetime) -> None:
        recorded.append((loop.time(), slot))

    async def an_hour() -> None:
        scheduler = Scheduler({"csv": "5m"}, record)
        scheduler.start()
        for seconds, clock_error in ((700.0, error), (1000.0, timedelta(0)), (1900.0, timedelta(0))):
            await asyncio.sleep(seconds)
            loop.set_clock_wrong(clock_error)
        scheduler.stop()
        await asyncio.sleep(0)

    loop.run_until_complete(an_hour())
    loop.close()
    # Every five minutes in all three parts of the hour, and at the right slots once the clock was right again.
    moments = [moment for moment, _ in recorded]
    assert max(after - before for before, after in pairwise(moments)) < 350, moments
    right = [slot for moment, slot in recorded if moment > 1740]
    assert right == [BEGAN + timedelta(minutes=minute) for minute in range(30, 65, 5)]


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("0 0 * * 0", "Sun"), ("0 0 * * 7", "Sun"), ("0 0 * * 1", "Mon"), ("0 0 * * sat", "Sat"),
        ("0 0 * * 6-7", "Sat"), ("0 0 * * 2/5", "Tue"), ("0 0 1 * *", "Sat"),
    ],
)  # fmt: skip
def test_cron_days_are_crons(line: str, day: str) -> None:
    assert f"{slot_after(line, datetime(2025, 1, 20, 12, tzinfo=UTC)):%a}" == day

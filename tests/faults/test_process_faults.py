"""Faults of processes: signals, several at once, too little memory. Real processes on both databases."""

import asyncio
import signal
import time
from contextlib import ExitStack
from random import Random

import pytest

from db.uninterrupted import uninterrupted
from tests.chaos.blows import HELD, INTERRUPTED, STOP_SECONDS, SUCCESS, Arena, zombie
from tests.chaos.processes import wait_until
from tests.faults.processes import QUIET, Site

SLOTS = 3


async def test_work_that_must_not_be_interrupted_ends_however_often_its_caller_is_cancelled() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.set()

    caller = asyncio.create_task(uninterrupted(work()))
    for _ in range(3):
        await asyncio.sleep(0.005)
        caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert done.is_set()


@pytest.mark.parametrize(
    ("number", "database_url"),
    [(signal.SIGTERM, "sqlite"), (signal.SIGTERM, "postgresql"), (signal.SIGINT, "sqlite")],
    indirect=["database_url"],
)
def test_a_command_asked_to_stop_again_and_again_ends_behind_its_batch(site: Site, number: signal.Signals) -> None:
    with site.ingest("csv") as process:
        site.wait_for_batches()
        asked = time.monotonic()
        while process.popen.poll() is None:
            process.send(number)
            time.sleep(0.002)
        assert process.join() == INTERRUPTED, process.log.read_text(encoding="utf-8")
        assert time.monotonic() - asked < STOP_SECONDS
    assert site.query("SELECT status FROM etl_runs") == [("interrupted",)]
    assert site.query("SELECT holder FROM etl_leases") == [(None,)]
    site.recovered("csv")


def test_a_server_asked_to_stop_twice_ends_behind_its_batch(site: Site) -> None:
    with site.serve() as (process, _):
        site.wait_for_batches()
        asked = time.monotonic()
        process.send(signal.SIGTERM)
        process.send(signal.SIGTERM)
        assert process.join() == SUCCESS
        assert time.monotonic() - asked < STOP_SECONDS
    assert site.query("SELECT status FROM etl_runs") == [("interrupted",)]
    site.recovered("csv")


def test_a_process_frozen_beyond_its_lease_writes_nothing_more(site: Site) -> None:
    """SIGSTOP in the middle, a successor that does the rest, and SIGCONT."""
    site.settings |= {"ETL_BATCH_SIZE": "40"}
    settings = {**QUIET, **site.settings, "DATABASE_URL": site.url}
    assert zombie(Arena(site.url, site.folder, settings, Random(1), run_seconds=0.2)) is None
    assert site.query("SELECT status FROM etl_runs ORDER BY id") == [("abandoned",), ("success",)]
    site.recovered("csv")


def test_two_commands_at_once_are_one_run(site: Site) -> None:
    site.settings |= {"ETL_BATCH_SIZE": "100"}
    with site.ingest("csv") as one, site.ingest("csv") as two:
        codes = sorted([one.join(), two.join()])
    assert codes in ([SUCCESS, HELD], [SUCCESS, SUCCESS])
    assert site.query("SELECT count(*) FROM etl_runs WHERE status <> 'success'") == [(0,)]
    site.recovered("csv")


def test_four_servers_with_one_schedule_run_each_slot_once(site: Site) -> None:
    site.settings |= {"ETL_SCHEDULE_CSV": "1s", "ETL_RUN_ON_STARTUP": "false", "ETL_BATCH_SIZE": "1000"}
    slots = "SELECT count(*), count(DISTINCT slot) FROM etl_requests WHERE slot IS NOT NULL"
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(site.serve())
        wait_until(lambda: site.query(slots)[0][0] >= SLOTS, f"{SLOTS} slots")
    [(recorded, distinct)] = site.query(slots)
    assert recorded == distinct >= SLOTS
    site.let_leases_lapse()
    site.settings |= {"ETL_SCHEDULE_CSV": "off"}
    site.recovered("csv")

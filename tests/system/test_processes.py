"""The service as people run it: processes, signals, exit codes, two servers on one database."""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from db import assets
from db.engine import Database
from tests import upstream
from tests.system.processes import run, serving, started, wait_until

Settings = dict[str, str]
# Rows that take long enough to be interrupted.
BIG = 8000


@pytest.fixture
def settings(database: Database, database_url: str) -> Settings:
    return {"DATABASE_URL": database_url, "ETL_SOURCES": "csv", "ETL_SCHEDULE_CSV": "off", "LOG_FORMAT": "json"}


@pytest.fixture
def big(tmp_path: Path) -> str:
    """A large CSV file."""
    upstream.write_csv(tmp_path / "big.csv", BIG, seed=1)
    return str(tmp_path / "big.csv")


def query(url: str, sql: str) -> list[Any]:
    async def ask() -> list[Any]:
        database = Database(url)
        try:
            async with database.read() as connection:
                return [tuple(row) for row in await connection.execute(text(sql))]
        finally:
            await database.close()

    return asyncio.run(ask())


def digest(url: str) -> str:
    async def compute() -> str:
        database = Database(url)
        try:
            async with database.read() as connection:
                return await assets.digest(connection)
        finally:
            await database.close()

    return asyncio.run(compute())


def expire_leases(url: str) -> None:
    """What thirty seconds of silence do."""

    async def expire() -> None:
        database = Database(url)
        past = "2000-01-01T00:00:00.000000Z" if database.is_sqlite else datetime(2000, 1, 1, tzinfo=UTC)
        async with database.write() as connection:
            await connection.execute(text("UPDATE etl_leases SET expires_at = :past"), {"past": past})
        await database.close()

    asyncio.run(expire())


def committed(url: str) -> Callable[[], bool]:
    return lambda: query(url, "SELECT count(*) FROM etl_batches")[0][0] > 1


def latest_status(url: str) -> str:
    return str(query(url, "SELECT status FROM etl_runs ORDER BY id DESC LIMIT 1")[0][0])


def test_the_first_start_fills_the_database_and_sigterm_ends_it(settings: Settings, tmp_path: Path) -> None:
    with serving(tmp_path, **settings) as (url, process):
        wait_until(lambda: httpx.get(f"{url}/stats").json()["sources"]["csv"]["status"] == "success")
        assert httpx.get(f"{url}/health").json()["status"] == "ok"
        assert httpx.get(f"{url}/data").json()["paging"]["total"] > 20
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - began < 8


def test_failure_after_two_records_and_recovery_from_the_third(settings: Settings, tmp_path: Path) -> None:
    with serving(tmp_path, **settings, ETL_FAIL_AFTER_N_RECORDS="2") as (url, _):
        wait_until(lambda: httpx.get(f"{url}/stats").json()["status"] == "failed")
        assert httpx.get(f"{url}/stats").json()["records_processed"] == 2
    with serving(tmp_path, **settings) as (url, _):
        wait_until(lambda: httpx.get(f"{url}/stats").json()["sources"]["csv"]["status"] == "success")
        total = httpx.get(f"{url}/data").json()["paging"]["total"]
        assert httpx.get(f"{url}/stats").json()["records_processed"] == total - 2
    events = [json.loads(line) for line in (tmp_path / "server.log").read_text().splitlines() if line[0] == "{"]
    resuming = [event for event in events if event["event"] == "etl.resuming_from_checkpoint"]
    assert [(event["message"], event["next_record"]) for event in resuming] == [("Resuming from checkpoint", 3)]


def test_twenty_triggers_over_two_servers_give_one_run(settings: Settings, big: str, tmp_path: Path) -> None:
    settings |= {"CSV_PATH": big, "ETL_RUN_ON_STARTUP": "false", "ETL_BATCH_SIZE": "100"}
    mutation = {
        "query": 'mutation { triggerEtl(source: "csv") { started { id } alreadyActive { id } errors { code } } }'
    }

    async def trigger(urls: list[str]) -> list[Any]:
        async with httpx.AsyncClient(timeout=30) as client:
            asked = [client.post(f"{urls[n % 2]}/graphql", json=mutation) for n in range(20)]
            return [answer.json()["data"]["triggerEtl"] for answer in await asyncio.gather(*asked)]

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with serving(tmp_path / "a", **settings) as (one, _), serving(tmp_path / "b", **settings) as (two, _):
        answers = asyncio.run(trigger([one, two]))
        assert sum(len(answer["started"]) for answer in answers) == 1
        assert len({r["id"] for answer in answers for r in answer["started"] + answer["alreadyActive"]}) == 1
        assert query(settings["DATABASE_URL"], "SELECT count(*) FROM etl_runs") == [(1,)]


def test_two_servers_with_one_schedule_record_each_slot_once(settings: Settings, tmp_path: Path) -> None:
    settings |= {"ETL_SCHEDULE_CSV": "1s", "ETL_RUN_ON_STARTUP": "false"}
    url = settings["DATABASE_URL"]
    slots = "SELECT count(*), count(DISTINCT slot) FROM etl_requests"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with serving(tmp_path / "a", **settings), serving(tmp_path / "b", **settings):
        wait_until(lambda: query(url, slots)[0][0] >= 3)
    [(recorded, distinct)] = query(url, slots)
    assert recorded == distinct
    assert query(url, "SELECT count(*) FROM etl_runs WHERE status NOT IN ('success', 'interrupted', 'queued')") == [
        (0,)
    ]


def test_a_killed_run_is_resumed_and_leaves_what_a_clean_one_leaves(
    settings: Settings, big: str, tmp_path: Path
) -> None:
    url = settings["DATABASE_URL"]
    settings |= {"CSV_PATH": big, "ETL_BATCH_SIZE": "250"}
    with started(["etl", "run", "csv"], tmp_path, **settings) as process:
        wait_until(committed(url))
        process.kill()
    assert run(["etl", "run", "csv"], tmp_path, **settings).returncode == 3
    expire_leases(url)
    assert run(["etl", "run", "csv"], tmp_path, **settings).returncode == 0
    assert query(url, "SELECT status FROM etl_runs ORDER BY id") == [("abandoned",), ("success",)]
    assert query(url, "SELECT sum(records_processed) FROM etl_runs") == [(BIG,)]

    clean = {**settings, "DATABASE_URL": f"sqlite:///{tmp_path}/clean.sqlite3"}
    assert run(["etl", "run", "csv"], tmp_path, **clean).returncode == 0
    assert digest(url) == digest(clean["DATABASE_URL"])


def test_sigterm_interrupts_a_command_behind_its_batch(settings: Settings, big: str, tmp_path: Path) -> None:
    url = settings["DATABASE_URL"]
    settings |= {"CSV_PATH": big, "ETL_BATCH_SIZE": "250"}
    with started(["etl", "run", "csv"], tmp_path, **settings) as process:
        wait_until(committed(url))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=8) == 75
    assert latest_status(url) == "interrupted"
    again = run(["etl", "run", "csv"], tmp_path, **settings)
    assert again.returncode == 0
    assert "Resuming from checkpoint" in again.stdout


def test_exit_codes_and_json(settings: Settings, tmp_path: Path) -> None:
    failed = run(["etl", "run", "--json"], tmp_path, **settings, ETL_FAIL_AFTER_N_RECORDS="2")
    assert failed.returncode == 1
    [ended] = json.loads(failed.stdout)
    assert (ended["status"], ended["records_processed"], ended["injected_failure"]) == ("failed", 2, True)
    assert run(["etl", "run", "csv"], tmp_path, **settings).returncode == 0
    status = run(["etl", "status", "--json"], tmp_path, **settings)
    assert [row["source"] for row in json.loads(status.stdout)] == ["coingecko", "coinpaprika", "csv"]
    wrong = run(["etl", "run"], tmp_path, **{**settings, "ETL_FAIL_AFTER_N_RECORDS": "0"})
    assert (wrong.returncode, "ETL_FAIL_AFTER_N_RECORDS" in wrong.stderr) == (2, True)


def test_a_server_with_nothing_to_reach_still_serves(settings: Settings, tmp_path: Path) -> None:
    settings |= {
        "ETL_SOURCES": "coingecko,coinpaprika,csv",
        "COINGECKO_BASE_URL": "http://127.0.0.1:9",
        "COINPAPRIKA_BASE_URL": "http://127.0.0.1:9",
    }
    with serving(tmp_path, **settings) as (url, _):
        wait_until(lambda: httpx.get(f"{url}/stats").json()["sources"]["csv"]["status"] == "success")
        assert httpx.get(f"{url}/data").json()["paging"]["total"] > 20


def test_a_port_in_use_is_named(settings: Settings, tmp_path: Path) -> None:
    with serving(tmp_path, **settings) as (url, _):
        second = run(["serve"], tmp_path, **settings, PORT=url.rpartition(":")[2])
    assert second.returncode == 1
    assert "choose another PORT" in second.stderr


def test_an_unreachable_database_is_one_line(tmp_path: Path) -> None:
    result = run(["etl", "run"], tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    assert result.returncode == 1
    assert result.stderr.startswith("Error: database unavailable")
    assert "Traceback" not in result.stderr

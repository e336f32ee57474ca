"""/health, /livez and /readyz: quick and truthful, whatever the database does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from db import migrate
from db.engine import Connection, Database
from tests.app.serving import only_sqlite, served
from tests.graphql_schema import rows


async def test_all_is_well_before_any_run(client: httpx.AsyncClient, database: Database) -> None:
    answer = await client.get("/health")
    body = answer.json()
    assert (answer.status_code, body["status"], body["reasons"]) == (200, "ok", [])
    assert body["db"] == {"status": "ok", "kind": database.kind}
    assert body["scheduler"]["running"] is True
    assert set(body["scheduler"]["next_runs"]) == set(body["sources"]) == {"coingecko", "coinpaprika", "csv"}
    assert body["last_etl"] is None


async def test_the_last_run_is_told(client: httpx.AsyncClient, database: Database) -> None:
    await rows.write_run(database, 1, source="csv", records_processed=40, run_finished_at=datetime.now(UTC))
    body = (await client.get("/health")).json()
    assert body["last_etl"]["status"] == "success"
    assert body["last_etl"]["run_started_at"] == "2025-01-20T10:36:06.480000Z"
    assert body["sources"]["csv"]["last_run"] == body["last_etl"]
    assert body["sources"]["csv"]["last_success_at"] == body["last_etl"]["run_finished_at"]
    assert body["sources"]["coingecko"]["last_run"] is None


async def test_a_failed_run_degrades(client: httpx.AsyncClient, database: Database) -> None:
    await rows.write_run(database, 1, source="csv", status="failed", error="no such column")
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "no such column" in answer.json()["reasons"][0]


async def test_stale_data_degrades(client: httpx.AsyncClient, database: Database) -> None:
    await rows.write_run(database, 1, source="csv", run_finished_at=datetime.now(UTC) - timedelta(days=2))
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


@only_sqlite
async def test_a_dead_scheduler_degrades(database: Database) -> None:
    async with served(database, dispatching=False) as client:
        answer = await client.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["scheduler"]["running"] is False


class HangingDatabase(Database):
    """A database that takes connections and never answers, not even to being left."""

    hanging = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        self.hanging += 1
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            await asyncio.sleep(0.3)
            raise
        yield  # type: ignore[misc]


async def test_a_gone_database_is_down(gone: httpx.AsyncClient) -> None:
    answer = await gone.get("/health")
    body = answer.json()
    assert (answer.status_code, body["status"]) == (503, "down")
    assert body["db"] == {"status": "down", "kind": "sqlite"}
    assert body["scheduler"]["running"] is True
    assert body["reasons"] == ["the database does not answer"]


@pytest.mark.parametrize("path", ["/data", "/stats", "/readyz"])
async def test_without_a_database_requests_are_asked_to_come_back(gone: httpx.AsyncClient, path: str) -> None:
    answer = await gone.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["code"] == "DATABASE_UNAVAILABLE"


@pytest.mark.parametrize("path", ["/data", "/stats", "/readyz", "/health", "/metrics"])
async def test_nobody_learns_where_the_database_was(gone: httpx.AsyncClient, path: str) -> None:
    text = (await gone.get(path)).text
    assert "10.1.2.3" not in text
    assert "secret_user" not in text


async def test_a_hanging_database_keeps_no_monitor_waiting(tmp_path: Path) -> None:
    database = HangingDatabase(f"sqlite:///{tmp_path / 'hanging.sqlite3'}")
    async with served(database) as client:
        for _ in range(2):
            started = time.monotonic()
            answers = await asyncio.gather(*(client.get("/health") for _ in range(5)), client.get("/readyz"))
            assert time.monotonic() - started < 1.5
            assert [answer.status_code for answer in answers] == [503] * 6
        assert database.hanging <= 4
        assert answers[0].json()["scheduler"]["running"] is None
        await asyncio.sleep(0.5)
    await database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_locked_table_is_a_hang_that_passes(client: httpx.AsyncClient, database: Database) -> None:
    async with database.write() as connection:
        await connection.exec_driver_sql("LOCK TABLE etl_runs IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        assert (await client.get("/health")).status_code == 503
        assert time.monotonic() - started < 1.5
    await asyncio.sleep(0.1)
    assert (await client.get("/health")).json()["status"] == "ok"


async def test_the_process_is_alive_without_a_database(gone: httpx.AsyncClient) -> None:
    assert (await gone.get("/livez")).json() == {"status": "alive"}


async def test_ready_once_the_tables_are_there(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    async with served(database) as client:
        before = await client.get("/readyz")
        await migrate.upgrade(database)
        after = await client.get("/readyz")
    await database.close()
    assert (before.status_code, before.json()["code"]) == (503, "SCHEMA_BEHIND")
    assert (after.status_code, after.json()) == (200, {"status": "ready"})

"""/stats: the latest run, and totals over all and by source."""

from datetime import timedelta
from typing import Any

import httpx

from db.engine import Database
from tests.graphql_schema import rows

NOTHING = {
    "status": None, "records_processed": 0, "last_run_timestamp": None, "total_runs": 0, "succeeded": 0, "failed": 0,
    "last_success": None, "last_failure": None,
}  # fmt: skip
LATER = rows.START + timedelta(hours=1)


async def stats(client: httpx.AsyncClient) -> Any:
    answer = await client.get("/stats")
    assert answer.status_code == 200
    return answer.json()


async def test_before_any_run(client: httpx.AsyncClient) -> None:
    assert await stats(client) == {
        **NOTHING,
        "sources": {"coingecko": NOTHING, "coinpaprika": NOTHING, "csv": NOTHING},
    }


async def test_totals_and_the_latest_run(client: httpx.AsyncClient, database: Database) -> None:
    await rows.write_run(database, 1, source="csv", records_processed=40)
    await rows.write_run(database, 2, source="csv", status="abandoned", records_processed=5)
    await rows.write_run(database, 3, source="coingecko", status="failed", records_processed=2, run_finished_at=LATER)
    found = await stats(client)
    sources = found.pop("sources")
    assert found == {
        "status": "failed", "records_processed": 2, "last_run_timestamp": "2025-01-20T11:36:06.480000Z",
        "total_runs": 3, "succeeded": 1, "failed": 2,
        "last_success": "2025-01-20T10:36:07.980000Z", "last_failure": "2025-01-20T11:36:06.480000Z",
    }  # fmt: skip
    assert sources["csv"] == {
        "status": "abandoned", "records_processed": 5, "last_run_timestamp": "2025-01-20T10:36:07.980000Z",
        "total_runs": 2, "succeeded": 1, "failed": 1,
        "last_success": "2025-01-20T10:36:07.980000Z", "last_failure": "2025-01-20T10:36:07.980000Z",
    }  # fmt: skip
    assert sources["coinpaprika"] == NOTHING


async def test_a_run_that_has_not_ended_is_the_latest_all_the_same(
    client: httpx.AsyncClient, database: Database
) -> None:
    await rows.write_run(database, 1, source="csv", records_processed=40)
    await rows.write_run(database, 2, source="csv", status="running", records_processed=7, run_finished_at=None)
    found = await stats(client)
    assert (found["status"], found["records_processed"]) == ("running", 7)
    assert found["last_run_timestamp"] == "2025-01-20T10:36:06.480000Z"
    assert (found["total_runs"], found["succeeded"], found["failed"]) == (2, 1, 0)


async def test_sources_that_are_no_longer_known_are_still_counted(
    client: httpx.AsyncClient, database: Database
) -> None:
    await rows.write_run(database, 1, source="binance")
    found = await stats(client)
    assert found["total_runs"] == found["sources"]["binance"]["total_runs"] == 1

"""resetCheckpoint: the next run begins at the start; nothing stored is lost; an active run is never disturbed."""

from typing import Any

import httpx

from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from etl.runner import Runner
from tests.app.serving import served
from tests.fakes import MemorySource, row

PAGES = [[row(f"coin-{n}") for n in range(5)]]


async def reset(client: httpx.AsyncClient, source: str = "csv") -> Any:
    query = "mutation($s: String!) { resetCheckpoint(source: $s) { checkpoint { position complete } errors { code } } }"
    answer = await client.post("/graphql", json={"query": query, "variables": {"s": source}})
    return answer.json()["data"]["resetCheckpoint"]


def runner(database: Database, fail_after: int | None = None) -> Runner:
    return Runner(database, {"csv": MemorySource(PAGES)}, batch_size=2, fail_after=fail_after)


async def test_the_next_run_begins_anew(database: Database) -> None:
    await runner(database, fail_after=3).run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI)
    async with served(database) as client:
        assert await reset(client) == {"checkpoint": {"position": 0, "complete": False}, "errors": []}
        again = await runner(database).run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI)
        assert (again.status, again.records_processed, again.resumed_after) == (RunStatus.SUCCESS, 5, None)
        assert (again.inserted, again.unchanged) == (2, 3)


async def test_what_can_not_be_reset(database: Database) -> None:
    async with served(database) as client:
        assert (await reset(client, "kraken"))["errors"] == [{"code": "UNKNOWN_SOURCE"}]
        await client.post("/graphql", json={"query": 'mutation { triggerEtl(source: "csv") { started { id } } }'})
        assert (await reset(client))["errors"] == [{"code": "RUN_ACTIVE"}]

"""Whatever an upstream says of its trouble, the run's end is recorded."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx

from db.calls import CallBudget
from db.engine import Database
from db.enums import RunStatus
from etl.budget import CallGate
from etl.errors import SourceUnavailable
from etl.http import Policy, Upstream
from etl.sources.coinpaprika import CoinPaprika
from etl.sources.csv_file import CsvSource
from etl.types import Page
from tests import upstream as local
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource
from tests.upstream import Fault

ENDS = "SELECT status, error FROM etl_runs"


async def permit() -> None:
    return None


async def test_text_no_database_can_hold_is_escaped(ingest: Ingest, query: Query) -> None:
    class Babbling(MemorySource):
        async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
            raise SourceUnavailable("nul \x00 and half \ud83d" + "\ud800" * 1000)
            yield  # type: ignore[unreachable]  # makes it a generator

    assert (await ingest(Babbling([]))).status is RunStatus.FAILED
    [(status, error)] = await query(ENDS)
    assert (status, error[:28]) == ("failed", r"nul \x00 and half \ud83d\ud8")
    assert len(error) == 1000


async def test_an_upstreams_own_nul_is_escaped(ingest: Ingest, query: Query) -> None:
    fault = Fault("status", {"status": 404, "body": '{"error":"no\\u0000thing"}'})
    async with local.serve(local.Upstream(size=1, faults=[fault])) as url, httpx.AsyncClient() as client:
        await ingest(CoinPaprika(Upstream(client, url + local.COINPAPRIKA, permit=permit)))
    assert await query(ENDS) == [("failed", r"HTTP 404: no\x00thing")]


async def test_nul_is_escaped_in_what_is_held_against_the_upstream(
    database: Database, ingest: Ingest, query: Query
) -> None:
    fault = Fault("status", {"status": 500, "body": '{"error":"no\\u0000thing"}'})
    gate = CallGate(database, "coinpaprika", CallBudget())
    async with local.serve(local.Upstream(size=1, faults=[fault])) as url, httpx.AsyncClient() as client:
        upstream = Upstream(
            client, url + local.COINPAPRIKA, permit=gate.permit, observe=gate.observe, policy=Policy(attempts=1)
        )
        await ingest(CoinPaprika(upstream))
    assert await query("SELECT last_error FROM etl_circuits") == [(r"HTTP 500: no\x00thing",)]


async def test_a_file_name_that_is_no_text_is_escaped(ingest: Ingest, query: Query, tmp_path: Path) -> None:
    await ingest(CsvSource(tmp_path / "caf\udce9.csv"))
    [(status, error)] = await query(ENDS)
    assert status == "failed"
    assert r"caf\udce9.csv cannot be read" in error

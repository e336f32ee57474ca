"""An upstream that keeps failing is left alone, probed once, and forgiven."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from db import circuits
from db.calls import CallBudget
from db.circuits import pause_after
from db.engine import Database
from etl.budget import CallGate
from etl.errors import SourceUnavailable
from etl.http import Policy, Upstream
from etl.sources.coingecko import CoinGecko
from tests import upstream as local
from tests.etl.conftest import Query
from tests.upstream import Fault

POLICY = Policy(attempts=5, backoff=0.0)
UNLIMITED = CallBudget()
CIRCUIT = "SELECT state, failures FROM etl_circuits"


@pytest.fixture
def server() -> local.Upstream:
    return local.Upstream(size=250, seed=1, churn=0)


@pytest.fixture
async def client(server: local.Upstream) -> AsyncIterator[httpx.AsyncClient]:
    async with local.serve(server) as url, httpx.AsyncClient(base_url=url) as opened:
        yield opened


async def read(database: Database, client: httpx.AsyncClient, budget: CallBudget = UNLIMITED) -> int:
    """As a new process would: nothing is remembered but what the database keeps."""

    async def sleep(seconds: float) -> None:
        raise SourceUnavailable(f"would wait {seconds:.0f} s")

    gate = CallGate(database, "coingecko", budget, sleep)
    url = str(client.base_url).rstrip("/") + local.COINGECKO
    upstream = Upstream(client, url, permit=gate.permit, observe=gate.observe, policy=POLICY)
    return sum([page.records async for page in CoinGecko(upstream, 250).pages([])])


async def let_pause_pass(database: Database) -> None:
    async with database.write() as connection:
        past = datetime(2000, 1, 1, tzinfo=UTC)
        value = "2000-01-01T00:00:00.000000Z" if database.is_sqlite else past
        await connection.execute(text("UPDATE etl_circuits SET retry_at = :past"), {"past": value})


async def test_it_opens_after_five_failures_and_asks_no_more(
    database: Database, client: httpx.AsyncClient, server: local.Upstream, query: Query
) -> None:
    server.set_faults([Fault("status", {"status": 500})])
    with pytest.raises(SourceUnavailable, match="after 5 attempts"):
        await read(database, client)
    assert await query(CIRCUIT) == [("open", 5)]
    with pytest.raises(SourceUnavailable, match="left alone until"):
        await read(database, client)
    assert len(server.requests) == 5


async def test_one_probe_that_fails_opens_it_again_for_longer(
    database: Database, client: httpx.AsyncClient, server: local.Upstream, query: Query
) -> None:
    server.set_faults([Fault("status", {"status": 500})])
    with pytest.raises(SourceUnavailable):
        await read(database, client)
    await let_pause_pass(database)
    with pytest.raises(SourceUnavailable, match="left alone until"):
        await read(database, client)
    assert len(server.requests) == 6
    assert await query(CIRCUIT) == [("open", 6)]


async def test_a_probe_that_succeeds_closes_it(
    database: Database, client: httpx.AsyncClient, server: local.Upstream, query: Query
) -> None:
    server.set_faults([Fault("status", {"status": 500}, count=5)])
    with pytest.raises(SourceUnavailable):
        await read(database, client)
    await let_pause_pass(database)
    assert await read(database, client) == 250
    assert await query(CIRCUIT) == [("closed", 0)]


def test_the_pause_doubles_up_to_half_an_hour() -> None:
    minutes = [pause_after(failures) / timedelta(minutes=1) for failures in range(5, 12)]
    assert minutes == [1, 2, 4, 8, 16, 30, 30]


async def test_a_minutes_budget_waits_and_a_months_budget_fails(
    database: Database, client: httpx.AsyncClient, query: Query
) -> None:
    budget = CallBudget(per_minute=2)
    for _ in range(2):
        await read(database, client, budget)
    with pytest.raises(SourceUnavailable, match=r"would wait (5|6)"):
        await read(database, client, budget)
    with pytest.raises(SourceUnavailable, match="2 calls of this month"):
        await read(database, client, CallBudget(per_month=2))
    assert await query("SELECT calls FROM etl_call_months") == [(2,)]


async def test_the_reason_is_told_and_a_person_may_probe(
    database: Database, client: httpx.AsyncClient, server: local.Upstream
) -> None:
    server.set_faults([Fault("status", {"status": 500}, count=5)])
    with pytest.raises(SourceUnavailable):
        await read(database, client)
    with pytest.raises(SourceUnavailable, match="last: HTTP 500"):
        await read(database, client)
    async with database.write() as connection:
        await circuits.let_one_through(connection, "coingecko")
    assert await read(database, client) == 250

"""COINGECKO_MAX_COINS may change between a staging that was interrupted and the run that resumes it."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from db.enums import RunStatus
from etl.http import Upstream
from etl.sources.coingecko import CoinGecko
from tests import upstream as local
from tests.etl.conftest import Ingest
from tests.upstream import Fault, Match

Make = Callable[[int], CoinGecko]


@pytest.fixture
def server() -> local.Upstream:
    return local.Upstream(size=700, seed=1, churn=0)


@pytest.fixture
async def make(server: local.Upstream) -> AsyncIterator[Make]:
    async def permit() -> None:
        return None

    async with local.serve(server) as url, httpx.AsyncClient() as client:
        yield lambda coins: CoinGecko(Upstream(client, url + local.COINGECKO, permit=permit), coins)


@pytest.mark.parametrize(("before", "after", "read"), [(300, 600, 600), (600, 300, 300), (600, 100, 250)])
async def test_a_list_interrupted_between_pages_loses_no_coin(
    ingest: Ingest, server: local.Upstream, make: Make, before: int, after: int, read: int
) -> None:
    server.set_faults([Fault("status", {"status": 404}, Match(page=2), count=1)])
    assert (await ingest(make(before))).status is RunStatus.FAILED
    assert (await ingest(make(after), batch_size=1000)).inserted == read

"""A small market on a port, and a real client to ask it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.upstream import Upstream, serve


@pytest.fixture
def upstream() -> Upstream:
    """300 coins: the smallest round number with every oddity in it."""
    return Upstream(size=300, churn=0)


@pytest.fixture
async def client(upstream: Upstream) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose base URL is the upstream's; reading certificates would take longer than the tests do."""
    async with serve(upstream) as url, httpx.AsyncClient(base_url=url, timeout=5, verify=False) as client:
        yield client

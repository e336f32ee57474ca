"""A world for each test, on both databases, with pages and pauses that fit a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from db.engine import Database
from etl.sources import coingecko
from tests import upstream as local
from tests.faults.world import COINS, PER_PAGE, World


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coingecko, "PER_PAGE", PER_PAGE)


@pytest.fixture(scope="session")
def digests() -> dict[tuple[str, str], str]:
    """What databases hold that met no fault."""
    return {}


@pytest.fixture(scope="session")
def good_csv(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A CSV file as it should be."""
    file = tmp_path_factory.mktemp("csv") / "coins.csv"
    local.write_csv(file, COINS)
    return file.read_bytes()


@pytest.fixture
def market() -> local.Upstream:
    return local.Upstream(size=COINS, seed=1, churn=0)


@pytest.fixture
async def world(
    database: Database,
    market: local.Upstream,
    sqlite_template: Path,
    good_csv: bytes,
    tmp_path: Path,
    digests: dict[tuple[str, str], str],
) -> AsyncIterator[World]:
    csv = tmp_path / "coins.csv"
    csv.write_bytes(good_csv)
    async with local.serve(market) as url, httpx.AsyncClient() as client:
        yield World(database, market, url, client, csv, sqlite_template, digests)

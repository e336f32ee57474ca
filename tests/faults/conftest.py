"""A world for each test, on both databases, with pages and pauses that fit a test."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import runs
from db.engine import Database
from etl.sources import coingecko
from tests import upstream as local
from tests.faults.processes import Site
from tests.faults.world import COINS, PER_PAGE, World

ROWS = 2_000
Event = Callable[[], Awaitable[None]]
InBatch = Callable[[int, Event], None]


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


@pytest.fixture
def in_batch(monkeypatch: pytest.MonkeyPatch) -> InBatch:
    """Let something happen in the middle of the transaction of the nth batch, once."""

    def happens(number: int, event: Event) -> None:
        count, calls = runs.count, itertools.count(1)

        async def counting(*arguments: Any) -> bool:
            if next(calls) == number:
                await event()
            return await count(*arguments)

        monkeypatch.setattr(runs, "count", counting)

    return happens


@pytest.fixture
def site(database: Database, database_url: str, tmp_path: Path) -> Site:
    """Processes on a CSV file that takes long enough to be struck in the middle."""
    local.write_csv(tmp_path / "coins.csv", ROWS)
    settings = {"ETL_SOURCES": "csv", "CSV_PATH": str(tmp_path / "coins.csv"), "ETL_BATCH_SIZE": "10"}
    return Site(database_url, f"sqlite:///{tmp_path}/unharmed.sqlite3", tmp_path, settings)

"""What every source promises, checked on every source. A new source joins by one line in CASES."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sources import BUILDERS
from db.enums import RunStatus
from db.records import NewAsset
from etl.errors import RecordInvalid, SourceBroken, SourceUnavailable
from etl.http import Policy, Upstream
from etl.sources.coingecko import CoinGecko
from etl.sources.coinpaprika import CoinPaprika
from etl.sources.csv_file import CsvSource
from etl.types import Page, RawRecord, Source
from tests import upstream as local
from tests.etl.conftest import Ingest, Query

IMPATIENT = Policy(attempts=2, backoff=0.0, read_timeout=2.0, connect_timeout=2.0)


async def no_limit() -> None:
    return None


def over_http(client: httpx.AsyncClient, url: str) -> Upstream:
    return Upstream(client, url, permit=no_limit, policy=IMPATIENT)


UNUSED = httpx.AsyncClient()
Make = Callable[[httpx.AsyncClient, str, Path], Source]
CASES: dict[str, Make] = {
    "coingecko": lambda client, url, folder: CoinGecko(over_http(client, url + local.COINGECKO), 600),
    "coinpaprika": lambda client, url, folder: CoinPaprika(over_http(client, url + local.COINPAPRIKA)),
    "csv": lambda client, url, folder: CsvSource(folder, page_records=100),
}


@pytest.fixture
def server() -> local.Upstream:
    return local.Upstream(size=700, seed=3)


@pytest.fixture
async def url(server: local.Upstream) -> AsyncIterator[str]:
    async with local.serve(server) as address:
        yield address


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as opened:
        yield opened


@pytest.fixture(params=sorted(BUILDERS))
def make(request: pytest.FixtureRequest, client: httpx.AsyncClient, url: str, tmp_path: Path) -> Callable[[], Source]:
    folder = tmp_path / "csv"
    folder.mkdir()
    local.write_csv(folder / "coins.csv", 350, seed=3)
    return lambda: CASES[request.param](client, url, folder)


@pytest.fixture
def source(make: Callable[[], Source]) -> Source:
    return make()


async def staged(source: Source) -> list[Page]:
    return [page async for page in source.pages([])]


async def replayed(pages: list[Page]) -> AsyncIterator[Page]:
    for page in pages:
        yield page


async def records_of(source: Source, pages: list[Page]) -> list[RawRecord]:
    return [record async for chunk in source.records(replayed(pages)) for record in chunk]


def test_every_source_stands_under_the_contract() -> None:
    assert sorted(CASES) == sorted(BUILDERS)


async def test_it_knows_its_name(source: Source) -> None:
    assert source.name in BUILDERS


async def test_pages_end_and_say_what_they_hold(source: Source) -> None:
    pages = await staged(source)
    assert pages
    assert all(page.records > 0 and page.body and page.origin for page in pages)


async def test_keys_ascend_strictly_and_are_the_same_every_time(source: Source, make: Callable[[], Source]) -> None:
    pages = await staged(source)
    keys = [record.key for record in await records_of(source, pages)]
    assert keys == sorted(set(keys))
    assert keys == [record.key for record in await records_of(make(), pages)]


async def test_records_of_later_pages_can_be_found_by_last_key(source: Source) -> None:
    pages = await staged(source)
    records = await records_of(source, pages)
    behind = records[len(records) // 2].key
    rest = [page for page in pages if page.last_key is None or page.last_key > behind]
    assert [r.key for r in await records_of(source, rest) if r.key > behind] == [
        r.key for r in records if r.key > behind
    ]


async def test_an_interrupted_staging_asks_only_for_what_is_missing(
    source: Source, make: Callable[[], Source], server: local.Upstream
) -> None:
    pages = await staged(source)
    if source.restages:
        assert [page.body for page in await staged(make())] == [page.body for page in pages]
        return
    asked = len(server.requests)
    rest = [page async for page in make().pages([page.records for page in pages[:1]])]
    assert [page.body for page in rest] == [page.body for page in pages[1:]]
    assert len(server.requests) - asked <= len(pages)


async def test_it_parses_what_it_reads(source: Source) -> None:
    records = await records_of(source, await staged(source))
    assets = [source.parse(record) for record in records]
    assert all(asset.external_id == record.external_id for asset, record in zip(assets, records, strict=True))
    assert any(asset.price_usd for asset in assets)


@given(payload=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_garbage_is_only_ever_invalid(name: str, payload: bytes) -> None:
    source = CASES[name](UNUSED, "http://127.0.0.1:9", Path("nowhere"))
    record = RawRecord(key="k", external_id="x", payload=payload, header="id,symbol,name,price_usd")
    with contextlib.suppress(RecordInvalid):
        assert isinstance(source.parse(record), NewAsset)


async def test_ingesting_twice_changes_nothing(ingest: Ingest, make: Callable[[], Source], query: Query) -> None:
    first = await ingest(make(), batch_size=100)
    second = await ingest(make(), batch_size=77)
    assert (first.status, second.status) == (RunStatus.SUCCESS, RunStatus.SUCCESS)
    assert (second.inserted, second.updated, second.records_processed) == (0, 0, first.records_processed)
    assert await query("SELECT count(*) FROM assets") == [(first.inserted,)]


@pytest.mark.parametrize("name", sorted(BUILDERS))
async def test_an_absent_upstream_is_a_failure_not_an_empty_list(
    name: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    source = CASES[name](client, "http://127.0.0.1:9", tmp_path / "absent")
    with pytest.raises((SourceUnavailable, SourceBroken)):
        await staged(source)


async def test_every_payload_is_the_upstreams_own_bytes(source: Source, tmp_path: Path) -> None:
    pages = await staged(source)
    received: Any = b"".join(page.body for page in pages)
    if source.name == "csv":
        received = (tmp_path / "csv" / "coins.csv").read_bytes()
    assert all(record.payload in received for record in await records_of(source, pages))

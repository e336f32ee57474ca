"""Lists of contract addresses: read seldom, kept whole, and the strongest evidence there is."""

import asyncio
import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import update

from db import circuits, contracts
from db.contracts import Listed
from db.engine import Connection, Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.errors import DatabaseUnavailable, Fenced
from db.tables import leases, sources
from etl.errors import SourceBroken, SourceUnavailable
from etl.http import Policy, Upstream
from etl.identity import contract_lists
from etl.identity.contract_lists import Refreshed, refresh
from etl.runner import Runner
from etl.sources.coingecko import CoinGecko
from etl.sources.coinpaprika import CoinPaprika
from tests.etl.conftest import Ingest, Query
from tests.etl.test_linking import coin, facts, from_scratch, groups, source
from tests.fakes import MemorySource

ADDRESS = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
ANSWERS = {
    "/coins/list": [
        {"id": "paxos-standard", "symbol": "usdp", "name": "Pax Dollar", "platforms": {"ethereum": ADDRESS.lower()}},
        {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin", "platforms": {}},
        {"id": "ether", "platforms": {"": "", "ethereum": None}},
        {"id": 7, "platforms": {"ethereum": "0x1"}},
    ],
    "/contracts": ["eth-ethereum", "nobody-elses", "sol-solana"],
    "/contracts/eth-ethereum": [{"address": ADDRESS, "id": "pax-paxos-standard-token", "type": "ERC20"}, {"id": "x"}],
    "/contracts/sol-solana": [{"address": "So1", "id": "wen-wen", "type": "SPL"}],
}


class Coins(MemorySource):
    """A source of one coin with a list of contracts, or the problem of reading it."""

    def __init__(self, *listed: Listed, problem: Exception | None = None) -> None:
        super().__init__([[msgspec.json.encode(PAX)]], "coingecko")
        self._listed = list(listed)
        self._problem = problem
        self.lists_asked = 0

    async def contracts(self, platforms: Collection[str]) -> list[Listed]:
        self.lists_asked += 1
        if self._problem is not None:
            raise self._problem
        return self._listed


class Listing:
    """A source whose list is given."""

    def __init__(self, name: str, *listed: Listed) -> None:
        self.name = name
        self.listed = list(listed)

    async def contracts(self, platforms: Collection[str]) -> list[Listed]:
        return self.listed


def upstream(asked: list[str]) -> Upstream:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url.copy_with(host="h")).removeprefix("https://h"))
        found = ANSWERS.get(request.url.path)
        return httpx.Response(404, json={"error": "no"}) if found is None else httpx.Response(200, json=found)

    async def permit() -> None:
        asked.append("permit")

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Upstream(client, "https://upstream.test", permit=permit, policy=Policy(attempts=1))


async def test_coingecko_lists_all_in_one_call() -> None:
    asked: list[str] = []
    found = await CoinGecko(upstream(asked), 10).contracts({"eth-ethereum"})
    assert found == [("paxos-standard", "ethereum", ADDRESS.lower()), ("ether", "", ""), ("ether", "ethereum", "")]
    assert asked == ["permit", "/coins/list?include_platform=true"]


async def test_coinpaprika_is_asked_for_the_platforms_that_others_have_only() -> None:
    asked: list[str] = []
    found = await CoinPaprika(upstream(asked)).contracts({"eth-ethereum", "sol-solana", "unheard-of"})
    assert found == [("pax-paxos-standard-token", "eth-ethereum", ADDRESS), ("wen-wen", "sol-solana", "So1")]
    assert asked[1::2] == ["/contracts", "/contracts/eth-ethereum", "/contracts/sol-solana"]


async def test_a_list_that_is_none_is_the_upstreams_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWERS, "/contracts", {"error": "plan"})
    with pytest.raises((SourceUnavailable, SourceBroken), match="not a list"):
        await CoinPaprika(upstream([])).contracts({"eth-ethereum"})


PAX = coin("paxos-standard", "usdp", "Pax Dollar", at="2025-01-20T00:00:00Z")
OLD_PAX = coin("pax-paxos-standard-token", "PAX", "Paxos Standard Token", at="2021-08-12T00:00:00Z")
GECKO = ("paxos-standard", "ethereum", ADDRESS.lower())
PAPRIKA = ("pax-paxos-standard-token", "eth-ethereum", ADDRESS)


async def test_the_same_contract_makes_one_coin_whatever_the_names(
    ingest: Ingest, database: Database, query: Query
) -> None:
    await ingest(source("coingecko", [PAX]))
    await refresh(database, Listing("coinpaprika", PAPRIKA))
    await ingest(source("coinpaprika", [OLD_PAX]))
    assert len(await groups(query)) == 2
    assert await refresh(database, Listing("coingecko", GECKO)) == Refreshed(1, 1)
    assert await groups(query) == {frozenset({"paxos-standard", "pax-paxos-standard-token"})}
    [(evidence,)] = await query("SELECT evidence FROM coin_assets WHERE confidence < 1")
    assert f"same contract {ADDRESS.lower()} on ethereum" in json.loads(evidence)
    assert await facts(database) == await from_scratch(database)
    assert await refresh(database, Listing("coingecko", GECKO)) == Refreshed(1, 0)
    assert await refresh(database, Listing("coingecko", ("paxos-standard", "ethereum", "0x0"))) == Refreshed(1, 1)
    assert len(await groups(query)) == 2
    assert await facts(database) == await from_scratch(database)


async def test_a_platform_that_falls_silent_keeps_its_contracts(database: Database, query: Query) -> None:
    solana = ("wen", "solana", "So1")
    await refresh(database, Listing("coingecko", GECKO, solana))
    assert await refresh(database, Listing("coingecko")) == Refreshed(0, 0)
    assert await refresh(database, Listing("coingecko", GECKO)) == Refreshed(1, 0)
    assert await query("SELECT external_id FROM asset_contracts ORDER BY 1") == [("paxos-standard",), ("wen",)]


async def test_what_no_database_holds_is_left_out(database: Database, query: Query) -> None:
    bad = [("a\x00", "ethereum", "0x1"), ("b", "ethereum", "\ud800"), ("c", "ethereum", "0x" + "1" * 300)]
    assert (await refresh(database, Listing("coingecko", GECKO, *bad))).listed == 1
    assert await query("SELECT external_id FROM asset_contracts") == [("paxos-standard",)]


async def test_a_list_is_stored_in_parts_and_one_that_is_given_up_is_made_good(
    database: Database, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [(name, "ethereum", f"0x{name}") for name in "abc"]
    usual, failing = contracts.replace, ["b"]

    async def replace(connection: Connection, source: str, external_ids: list[str], new: list[Listed]) -> None:
        await usual(connection, source, external_ids, new)
        if external_ids == failing:
            failing.clear()
            raise DatabaseUnavailable("gone")

    monkeypatch.setattr(contract_lists, "AT_ONCE", 1)
    monkeypatch.setattr(contracts, "replace", replace)
    with pytest.raises(DatabaseUnavailable):
        await refresh(database, Listing("coingecko", *listed))
    assert await query("SELECT external_id FROM asset_contracts") == [("a",)]
    assert await refresh(database, Listing("coingecko", *listed)) == Refreshed(3, 2)
    assert await query("SELECT external_id FROM asset_contracts ORDER BY 1") == [("a",), ("b",), ("c",)]


async def test_who_is_asked_to_stop_stops_behind_the_part_at_hand(
    database: Database, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = contracts.replace
    listing = Listing("coingecko", *[(name, "ethereum", f"0x{name}") for name in "abc"])
    reading = asyncio.create_task(refresh(database, listing))

    async def replace(*arguments: Any) -> None:
        reading.cancel()
        await usual(*arguments)

    monkeypatch.setattr(contract_lists, "AT_ONCE", 1)
    monkeypatch.setattr(contracts, "replace", replace)
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await query("SELECT external_id FROM asset_contracts") == [("a",)]


async def test_a_run_reads_the_list_when_it_is_due_but_not_the_first_run(database: Database, query: Query) -> None:
    listing = Coins(GECKO)
    runner = Runner(database, {"coingecko": listing}, batch_size=10, contracts_every_days=7)
    asked = []
    for _ in range(3):
        await runner.run_now("coingecko", RunMode.FULL, RunTrigger.CLI)
        asked.append(listing.lists_asked)
    assert asked == [0, 1, 1]
    async with database.write() as connection:
        await connection.execute(update(sources).values(contracts_at=datetime(2020, 1, 1, tzinfo=UTC)))
    await runner.run_now("coingecko", RunMode.FULL, RunTrigger.CLI)
    assert listing.lists_asked == 2
    assert await query("SELECT external_id FROM asset_contracts") == [("paxos-standard",)]


@pytest.mark.parametrize("problem", [SourceUnavailable("503"), SourceBroken("no list"), ValueError("a bug")])
async def test_a_list_that_cannot_be_read_fails_no_run_and_waits_a_day(database: Database, problem: Exception) -> None:
    listing = Coins(problem=problem)
    runner = Runner(database, {"coingecko": listing}, batch_size=10, contracts_every_days=7)
    for _ in range(3):
        assert (await runner.run_now("coingecko", RunMode.FULL, RunTrigger.CLI)).status is RunStatus.SUCCESS
    assert listing.lists_asked == 1
    async with database.write() as connection:
        await connection.execute(update(sources).values(contracts_at=datetime.now(UTC) - timedelta(days=7, hours=1)))
    await runner.run_now("coingecko", RunMode.FULL, RunTrigger.CLI)
    assert listing.lists_asked == 2


async def test_a_run_that_lost_its_lease_meanwhile_stores_no_list(database: Database, query: Query) -> None:
    class Slow(Coins):
        async def contracts(self, platforms: Collection[str]) -> list[Listed]:
            async with database.write() as connection:
                await connection.execute(update(leases).values(epoch=leases.c.epoch + 1))
            return await super().contracts(platforms)

    runner = Runner(database, {"coingecko": Slow(GECKO)}, batch_size=10, contracts_every_days=7)
    await runner.run_now("coingecko", RunMode.FULL, RunTrigger.CLI)
    with pytest.raises(Fenced):
        await runner.run_now("coingecko", RunMode.FULL, RunTrigger.CLI)
    assert await query("SELECT count(*) FROM asset_contracts") == [(0,)]


async def test_a_source_that_asked_to_wait_is_left_alone(database: Database) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    listing = Coins(problem=SourceUnavailable("429", until))
    runner = Runner(database, {"coingecko": listing}, batch_size=10, contracts_every_days=7)
    for _ in range(2):
        assert (await runner.run_now("coingecko", RunMode.FULL, RunTrigger.CLI)).status is RunStatus.SUCCESS
    async with database.write() as connection:
        refusal = await circuits.refusal(connection, "coingecko")
    assert refusal is not None
    assert refusal.until == until

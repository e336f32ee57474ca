"""The pass against databases: whatever arrives in whatever order, coins are what a pass over everything makes."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from db import assets, links, words
from db.engine import Connection, Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.tables import coins
from etl.identity import linking
from etl.runner import Runner
from tests.crash.facts import FACTS
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource

COINS = ("coins", "coin assets", "coin pairs", "coin keys")
Record = dict[str, Any]


def coin(external_id: str, symbol: str, name: str, price: float = 1.5, at: str = "2025-01-20T00:00:00Z") -> Record:
    return {"id": external_id, "symbol": symbol, "name": name, "price": price, "last_updated": at}


GECKO = [coin("bitcoin", "btc", "Bitcoin", 101.0), coin("radix", "xrd", "Radix"), coin("dai", "dai", "Dai")]
PAPRIKA = [coin("btc-bitcoin", "BTC", "Bitcoin", 100.0), coin("xrd-raven-dark", "XRD", "Raven Dark"),
           coin("dai-daimler-ag", "DAI", "Daimler AG"), coin("dai-dai", "DAI", "Dai")]  # fmt: skip


def source(name: str, records: Sequence[Record]) -> MemorySource:
    return MemorySource([[msgspec.json.encode(record) for record in records]], name)


MISCOUNTED = """
    SELECT source, sum(stored), sum(counted)
    FROM (SELECT source, count(*) AS stored, 0 AS counted FROM coins GROUP BY source
          UNION ALL SELECT source, 0, coin_count FROM coin_marks) AS counts
    GROUP BY source HAVING sum(stored) <> sum(counted)
"""


async def facts(database: Database) -> dict[str, list[Any]]:
    """Everything about coins, without row ids."""
    async with database.read() as connection:
        assert (await connection.execute(text(MISCOUNTED))).all() == []
        return {name: [tuple(row) for row in await connection.execute(text(FACTS[name]))] for name in COINS}


async def from_scratch(database: Database) -> dict[str, list[Any]]:
    """What one pass over all assets makes, as if nothing had ever been linked."""
    async with database.write() as connection:
        for table in ("coin_marks", "coin_pairs", "coin_keys", "coin_assets", "coins"):
            await connection.execute(text(f"DELETE FROM {table}"))
    await linking.catch_up(database)
    return await facts(database)


async def groups(query: Query) -> set[frozenset[str]]:
    rows = await query("SELECT c.coin_id, a.external_id FROM coin_assets c JOIN assets a ON a.id = c.asset_id")
    return {frozenset(name for coin_id, name in rows if coin_id == each) for each, _ in rows}


async def test_a_run_links_what_it_ingested(ingest: Ingest, query: Query) -> None:
    await ingest(source("coingecko", GECKO))
    await ingest(source("coinpaprika", PAPRIKA))
    assert await groups(query) == {
        frozenset({"bitcoin", "btc-bitcoin"}), frozenset({"dai", "dai-dai"}), frozenset({"radix"}),
        frozenset({"xrd-raven-dark"}), frozenset({"dai-daimler-ag"}),
    }  # fmt: skip
    assert await query("SELECT slug, price_usd, round(divergence_percent) FROM coins WHERE symbol = 'btc'") == [
        ("bitcoin", 100.5, 0)
    ]


async def test_sources_that_come_to_contradict_each_other_are_an_anomaly_of_the_run(
    ingest: Ingest, query: Query
) -> None:
    async def read(price: float, minute: int) -> None:
        await ingest(
            source("coinpaprika", [coin("btc-bitcoin", "BTC", "Bitcoin", price, f"2025-01-20T00:{minute}:00Z")])
        )

    await ingest(source("coingecko", GECKO[:1]))
    for minute, price in enumerate((100.0, 130.0, 131.0, 101.0, 140.0), 10):
        await read(price, minute)
    told = await query("SELECT run_id, message FROM etl_run_events WHERE kind = 'anomaly' ORDER BY 1")
    assert told == [
        (3, "sources contradict each other by more than 10 % about Bitcoin 13 %"),
        (6, "sources contradict each other by more than 10 % about Bitcoin 16 %"),
    ]
    assert await query("SELECT round(divergence_percent) FROM coins") == [(16,)]


async def test_the_order_of_arrival_does_not_matter(ingest: Ingest, database: Database) -> None:
    await ingest(source("coinpaprika", PAPRIKA))
    await ingest(source("coingecko", GECKO[::-1]))
    assert await facts(database) == await from_scratch(database)


async def test_a_pass_that_dies_is_made_up_for_by_the_next(
    ingest: Ingest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ingest(source("coingecko", GECKO))
    before = await facts(database)

    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(links, "remember", die)
        run = await ingest(source("coinpaprika", PAPRIKA))
    assert run.status is RunStatus.SUCCESS
    assert await facts(database) == before
    assert (await linking.catch_up(database)).changed == len(PAPRIKA)
    assert await facts(database) == await from_scratch(database)


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_linking_in_parts_leaves_what_linking_at_once_leaves(
    ingest: Ingest, database: Database, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(linking, "AT_ONCE", at_once)
        await ingest(source("coinpaprika", PAPRIKA))
        await ingest(source("coingecko", GECKO))
        in_parts = await facts(database)
        assert await linking.catch_up(database) == linking.Linked()
    assert in_parts == await from_scratch(database)


async def test_nothing_new_costs_nothing(ingest: Ingest, database: Database) -> None:
    await ingest(source("coingecko", GECKO))
    assert await linking.catch_up(database) == linking.Linked()


async def test_a_batch_that_was_committed_after_a_later_one_is_not_missed(ingest: Ingest, database: Database) -> None:
    """A source's first batch can wait for its commit while another source's later ones are linked already."""
    await ingest(source("csv", [coin("radix", "xrd", "Radix")]))
    await ingest(source("coingecko", GECKO))
    async with database.write() as connection:
        await connection.execute(text("UPDATE coin_marks SET batch_id = 0 WHERE source = 'csv'"))
    assert (await linking.catch_up(database)).changed == 1


async def test_other_rules_look_at_everything_again(
    ingest: Ingest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ingest(source("coingecko", GECKO))
    monkeypatch.setattr(linking, "RULES", linking.RULES + 1)
    assert (await linking.catch_up(database)).changed == len(GECKO)
    assert await linking.catch_up(database) == linking.Linked()


async def test_what_another_version_did_not_note_of_coins_is_noted_with_its_rules(
    ingest: Ingest, database: Database, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ingest(source("coingecko", [*GECKO, coin("Odd_Id", "odd", "Odd")]))
    noted = "SELECT external_id, own_slug, coin_count FROM coins JOIN coin_marks USING (source) ORDER BY external_id"
    before = await query(noted)
    async with database.write() as connection:
        await connection.execute(text("UPDATE coin_marks SET coin_count = 0"))
        await connection.execute(update(coins).values(own_slug=~coins.c.own_slug))
    monkeypatch.setattr(linking, "RULES", linking.RULES + 1)
    await linking.catch_up(database)
    assert await query(noted) == before


async def test_search_learns_words_from_new_names_and_from_nothing_else(
    ingest: Ingest, database: Database, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def known() -> set[str]:
        return {word for (word,) in await query("SELECT word FROM asset_words")}

    await ingest(source("csv", [coin("first-id", "AAA", "Wombat")]))
    assert await known() == {"first", "aaa", "wombat"}
    await ingest(source("csv", [coin("first-id", "AAA", "Numbat")]))
    assert await known() == {"first", "aaa", "wombat", "numbat"}
    learnt: list[str] = []

    async def learn(_: Connection, texts: Iterable[str]) -> None:
        learnt.extend(texts)

    monkeypatch.setattr(words, "learn", learn)
    await ingest(source("csv", [coin("first-id", "AAA", "Numbat", price=2.0)]))
    assert learnt == []


async def test_two_coins_that_wish_for_one_slug_get_two(ingest: Ingest, database: Database, query: Query) -> None:
    await ingest(source("csv", [coin("radix", "RDX", "Another thing")]))
    assert await query("SELECT slug FROM coins") == [("radix",)]
    await ingest(source("coingecko", GECKO[1:2]))
    slugs = dict(await query("SELECT source, slug FROM coins"))
    assert slugs["coingecko"] == "radix"
    assert slugs["csv"].startswith("radix.")
    assert await facts(database) == await from_scratch(database)


async def test_two_new_coins_that_wish_for_one_slug_get_two(ingest: Ingest, database: Database, query: Query) -> None:
    await ingest(source("csv", [coin("radix-coin", "RDX", "Radix"), coin("Radix Coin", "RDX", "Another thing")]))
    slugs = dict(await query("SELECT external_id, slug FROM coins"))
    assert slugs["Radix Coin"] == "radix-coin"
    assert slugs["radix-coin"].startswith("radix-coin.")
    assert await facts(database) == await from_scratch(database)


async def test_assets_keep_their_figures_whatever_the_coins_do(ingest: Ingest, database: Database) -> None:
    await ingest(source("coingecko", GECKO))
    async with database.read() as connection:
        before = await assets.digest(connection)
    await from_scratch(database)
    async with database.read() as connection:
        assert await assets.digest(connection) == before


IDS = {"coingecko": ("alpha", "alpha-2", "beta"), "coinpaprika": ("abc-alpha", "abc-beta"), "csv": ("alpha", "b")}
records = st.builds(
    coin,
    st.just(""),
    st.sampled_from(["abc", "ABC", "bcd"]),
    st.sampled_from(["Alpha", "Alpha Network", "Beta", "Wrapped Alpha"]),
    st.sampled_from([1.5, 1.51, 40.0]),
    st.sampled_from(["2025-01-20T00:00:00Z", "2025-01-20T00:10:00Z", "2025-01-20T07:00:00Z"]),
)
arrivals = st.lists(
    st.sampled_from(sorted(IDS)).flatmap(
        lambda name: st.tuples(st.just(name), st.dictionaries(st.sampled_from(IDS[name]), records, min_size=1))
    ),
    min_size=1,
    max_size=5,
)


@asynccontextmanager
async def fresh(template: Path) -> AsyncIterator[Database]:
    with TemporaryDirectory() as folder:
        path = copy(template, Path(folder) / "test.sqlite3")
        database = Database(f"sqlite:///{path}")
        try:
            yield database
        finally:
            await database.close()


async def test_a_neighbour_that_was_renamed_gets_its_turn(
    ingest: Ingest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = "2025-01-21T00:00:00Z"
    await ingest(source("coingecko", [coin("radix", "xrd", "Radix"), coin("later", "new", "Later Name")]))
    await ingest(source("coinpaprika", [coin("xrd-radix", "XRD", "Radix"), coin("xrd-too", "XRD", "Radix")]))
    # In parts of one: the figures of the first place all that it is connected with, the second's old name included.
    monkeypatch.setattr(linking, "AT_ONCE", 1)
    figures, renamed = coin("xrd-radix", "XRD", "Radix", 9.0, later), coin("xrd-too", "NEW", "Later Name", 1.5, later)
    await ingest(source("coinpaprika", [figures, renamed]))
    assert await facts(database) == await from_scratch(database)


@settings(max_examples=25)
@given(arrived=arrivals, at_once=st.sampled_from([1, 2, 5000]))
async def test_passes_over_changes_make_what_a_pass_over_everything_makes(
    sqlite_template: Path, arrived: list[tuple[str, dict[str, Record]]], at_once: int
) -> None:
    async with fresh(sqlite_template) as database:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(linking, "AT_ONCE", at_once)
            await _ingest_all(database, arrived)
        assert await facts(database) == await from_scratch(database)


async def _ingest_all(database: Database, arrived: list[tuple[str, dict[str, Record]]]) -> None:
    for name, found in arrived:
        each = source(name, [{**record, "id": external_id} for external_id, record in found.items()])
        runner = Runner(database, {name: each}, batch_size=2)
        run = await runner.run_now(name, RunMode.FULL, RunTrigger.CLI)
        assert run.status is RunStatus.SUCCESS

"""What people decide of coins: stronger than any evidence, kept through every run, and undone without a trace."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from db import links
from db.engine import Database
from db.enums import RunMode, RunTrigger
from db.likeness import Key
from etl.identity import by_hand
from etl.identity.by_hand import Refusal
from etl.runner import Runner
from tests.etl.conftest import Ingest, Query
from tests.etl.test_linking import GECKO, IDS, PAPRIKA, coin, facts, fresh, from_scratch, groups, source

BITCOIN, RADIX = Key("coingecko", "bitcoin"), Key("coingecko", "radix")
BTC, RAVEN, DAIMLER = (Key("coinpaprika", name) for name in ("btc-bitcoin", "xrd-raven-dark", "dai-daimler-ag"))
BOOK = Key("csv", "btc")


@pytest.fixture
async def ingested(ingest: Ingest, database: Database) -> Database:
    await ingest(source("coingecko", GECKO))
    await ingest(source("coinpaprika", PAPRIKA))
    await ingest(source("csv", [coin("btc", "BTC", "Bitcoin", 100.0)]))
    return database


async def ids(database: Database, *keys: Key) -> list[int]:
    async with database.read() as connection:
        found = await links.ids_of(connection, keys)
    return [found[key] for key in keys]


async def link(database: Database, *keys: Key, reason: str = "") -> int | Refusal:
    return await by_hand.link(database, await ids(database, *keys), reason)


async def unlink(database: Database, key: Key, reason: str = "") -> int | Refusal:
    [asset_id] = await ids(database, key)
    return await by_hand.unlink(database, asset_id, reason)


async def test_a_link_by_hand_is_stronger_than_the_evidence_and_says_why(ingested: Database, query: Query) -> None:
    coin_id = await link(ingested, RADIX, RAVEN, reason="they merged")
    assert {"radix", "xrd-raven-dark"} in await groups(query)
    said = "SELECT evidence, manual FROM coin_assets c JOIN assets a ON a.id = c.asset_id"
    assert await query(f"{said} WHERE a.external_id = 'xrd-raven-dark'") == [('["linked by hand: they merged"]', 1)]
    assert await query(f"SELECT slug FROM coins WHERE id = {coin_id}") == [("radix",)]


async def test_a_cut_by_hand_is_stronger_than_the_evidence(ingested: Database, query: Query) -> None:
    await unlink(ingested, BTC, "not the same thing")
    assert {frozenset({"bitcoin", "btc"}), frozenset({"btc-bitcoin"})} < await groups(query)
    assert await query("SELECT decision, reason FROM coin_decisions") == [("cut", "not the same thing")] * 2


async def test_decisions_survive_runs_of_every_kind(ingested: Database, ingest: Ingest, query: Query) -> None:
    await unlink(ingested, BTC)
    await link(ingested, RADIX, RAVEN)
    before = await groups(query)
    moved = [{**record, "price": 1.01 * record["price"], "last_updated": "2025-01-21T00:00:00Z"} for record in PAPRIKA]
    await ingest(source("coinpaprika", moved))
    await ingest(source("coinpaprika", moved), mode=RunMode.FULL)
    assert await groups(query) == before
    assert await facts(ingested) == await from_scratch(ingested)


async def test_split_and_link_again_is_as_before(ingested: Database) -> None:
    before = await facts(ingested)
    await unlink(ingested, BTC)
    assert await facts(ingested) != before
    await link(ingested, BITCOIN, BTC)
    assert await facts(ingested) == before


async def test_undo_goes_back_step_by_step(ingested: Database, query: Query) -> None:
    steps = [await everything(ingested)]
    await link(ingested, RADIX, RAVEN, reason="one")
    steps.append(await everything(ingested))
    await unlink(ingested, BTC, "two")
    steps.append(await everything(ingested))
    await link(ingested, BITCOIN, BTC, reason="three")
    for before in reversed(steps):
        assert isinstance(await by_hand.undo(ingested), int)
        assert await everything(ingested) == before
    refused = await by_hand.undo(ingested)
    assert isinstance(refused, Refusal)
    assert refused.code == "NOTHING_TO_UNDO"
    assert [row for (row,) in await query("SELECT action FROM coin_actions ORDER BY id")] == [
        "link", "unlink", "link", "undo", "undo", "undo"
    ]  # fmt: skip


async def test_a_link_takes_back_the_cuts_between_the_coins(ingested: Database, query: Query) -> None:
    await unlink(ingested, BTC)
    await link(ingested, BTC, BOOK)
    assert {"bitcoin", "btc-bitcoin", "btc"} in await groups(query)
    assert await query("SELECT * FROM coin_decisions") == []


async def test_what_is_kept_apart_is_not_linked_however_alike(ingested: Database, query: Query) -> None:
    await unlink(ingested, BTC)
    await by_hand.undo(ingested)
    refused = await by_hand.keep_apart(ingested, await ids(ingested, BITCOIN, BTC))
    assert isinstance(refused, Refusal)
    assert refused.code == "LINKED"
    await by_hand.keep_apart(ingested, await ids(ingested, RADIX, RAVEN), "two coins")
    assert await query("SELECT decision, reason FROM coin_decisions") == [("cut", "two coins")]
    assert await query("SELECT count(*) FROM coin_pairs WHERE doubt IS NOT NULL") == [(0,)]
    assert await facts(ingested) == await from_scratch(ingested)


async def test_a_link_of_two_is_a_link_of_all_that_hang_on_them(ingested: Database, query: Query) -> None:
    await link(ingested, RADIX, RAVEN)
    await link(ingested, RAVEN, BOOK)
    await unlink(ingested, RAVEN)
    assert {frozenset({"radix", "btc"}), frozenset({"xrd-raven-dark"})} < await groups(query)


REFUSED: dict[str, tuple[Sequence[Key], str]] = {
    "one asset": ([RADIX], "TOO_FEW_ASSETS"),
    "the same one twice": ([RADIX, RADIX], "TOO_FEW_ASSETS"),
    "one source": ([RAVEN, DAIMLER], "SAME_SOURCE"),
    "taken by another link": ([RADIX, DAIMLER], "LINKED_OTHERWISE"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_contradictions_are_refused_and_change_nothing(ingested: Database, name: str) -> None:
    await link(ingested, BOOK, RAVEN)
    await unlink(ingested, BOOK)
    await link(ingested, RADIX, RAVEN)
    before = await everything(ingested)
    keys, code = REFUSED[name]
    refused = await link(ingested, *keys)
    assert isinstance(refused, Refusal)
    assert refused.code == code
    assert await everything(ingested) == before


async def test_what_is_not_there_or_alone_is_refused(ingested: Database) -> None:
    alone, nobody = await unlink(ingested, RADIX), await by_hand.link(ingested, [1, 10**9])
    nothing, long = await by_hand.unlink(ingested, 10**9), await unlink(ingested, BTC, "x" * 1001)
    assert [each.code for each in (alone, nobody, nothing, long) if isinstance(each, Refusal)] == [
        "NOT_LINKED", "UNKNOWN_ASSET", "UNKNOWN_ASSET", "BAD_REASON"
    ]  # fmt: skip


async def test_assets_that_no_pass_has_seen_yet_can_be_linked(ingested: Database) -> None:
    async with ingested.write() as connection:
        for table in ("coin_marks", "coin_pairs", "coin_keys", "coin_assets", "coins"):
            await connection.execute(text(f"DELETE FROM {table}"))
    await link(ingested, RADIX, RAVEN)
    assert await facts(ingested) == await from_scratch(ingested)


async def everything(database: Database) -> dict[str, Any]:
    """All that there is about coins, and the decisions that stand."""
    async with database.read() as connection:
        stand = await connection.execute(text("SELECT * FROM coin_decisions ORDER BY 1, 2, 3, 4"))
        return {**await facts(database), "decisions": [tuple(row) for row in stand]}


KEYS = sorted(Key(name, external_id) for name, known in IDS.items() for external_id in known)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("link"), st.lists(st.sampled_from(KEYS), min_size=2, max_size=3, unique=True)),
        st.tuples(st.just("unlink"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=1)),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8)
@given(done=actions, names=st.lists(st.sampled_from(["Alpha", "Beta"]), min_size=len(KEYS), max_size=len(KEYS)))
async def test_whatever_people_do_passes_agree_and_undo_leads_back(
    sqlite_template: Path, done: list[tuple[str, list[Key]]], names: list[str]
) -> None:
    async with fresh(sqlite_template) as database:
        for name, known in IDS.items():
            records = [coin(key, "abc", names[KEYS.index(Key(name, key))]) for key in known]
            runner = Runner(database, {name: source(name, records)}, batch_size=10)
            await runner.run_now(name, RunMode.FULL, RunTrigger.CLI)
        steps = []
        for action, keys in done:
            before = await everything(database)
            answer = await (link(database, *keys) if action == "link" else unlink(database, keys[0]))
            if not isinstance(answer, Refusal):
                steps.append(before)
            made = await facts(database)
            assert made == await from_scratch(database)
            in_coins = [(row[0], row[2]) for row in made["coin assets"]]
            assert len(set(in_coins)) == len(in_coins), "two assets of one source share a coin"
        for before in reversed(steps):
            await by_hand.undo(database)
            assert await everything(database) == before

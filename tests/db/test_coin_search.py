"""Coins are found by the index of assets' texts, and are the ones that reading them all would find."""

from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import false, select, text

from db import coin_catalog, coin_reads, coin_search, search, trigrams
from db.catalog import Order
from db.coin_catalog import CoinListing
from db.coin_reads import CoinCountRead
from db.cursors import storable
from db.direct import NotDirect
from db.engine import Database
from db.errors import InvalidCursor
from db.keyset import Page, Slice
from db.search import Needle
from db.tables import assets, coins
from etl.identity import linking
from tests.graphql_schema.rows import asset, write, write_assets, write_run

# Ids that are no slugs, and that two sources have.
_ids = st.text("aB_é.-", min_size=1, max_size=4)
_texts = st.text("aB é", max_size=4)
_sources = st.sampled_from(["coingecko", "csv"])


@pytest.fixture
async def ran(database: Database) -> Database:
    """A database that knows the run which assets belong to, and no assets."""
    await write_run(database)
    return database


async def found(database: Database, needle: str, **listing: Any) -> list[int]:
    wanted = CoinListing(search=needle, **listing)
    page = await page_of(database, wanted, Slice(100))
    assert len(page.rows) == await CoinCountRead(wanted).read(database)
    return [row[0] for row in page.rows]


async def page_of(database: Database, listing: CoinListing, part: Slice) -> Page:
    """The same page by a transaction of SQLAlchemy's and by statements compiled once."""
    read = coin_reads.page(database.direct, listing, part, ("id", "slug"))
    straight = await read.read(database)
    with mock.patch.object(database.direct, "snapshot", side_effect=NotDirect):
        compiled, counted = await read.read(database), await CoinCountRead(listing).read(database)
    async with database.read() as connection:
        page = await coin_catalog.page(connection, listing, part, both_ends=False)
        assert counted == await coin_catalog.count(connection, listing)
    for other in (straight, compiled):
        assert [tuple(row)[:2] for row in other.rows] == [tuple(row)[:2] for row in page.rows]
        assert other.cursors() == page.cursors()
        assert (other.has_next, other.has_previous) == (page.has_next, page.has_previous)
    return page


async def walked(database: Database, needle: str, size: int, *, backward: bool) -> list[int]:
    ids: list[int] = []
    cursor = None
    while True:
        wanted = Slice(size, backward=True, before=cursor) if backward else Slice(size, after=cursor)
        page = await page_of(database, CoinListing(search=needle), wanted)
        some = [row[0] for row in page.rows]
        ids = some + ids if backward else ids + some
        if not (page.has_previous if backward else page.has_next):
            return ids
        cursor = page.cursor(page.rows[0 if backward else -1])


async def read_whole(database: Database, needle: str) -> list[int]:
    """The hits in their order, without any index."""
    values: dict[str, Any] = {}
    sought = Needle.of(needle, values)
    fits = search.relevance(sought, coin_search.TEXTS)
    # The texts cannot hold what the database cannot store.
    held = search.literally(sought, coin_search.TEXTS) if storable(needle) else false()
    wanted = select(coins.c.id).where(held).order_by(fits, coins.c.rank.is_(None), coins.c.rank, coins.c.id)
    async with database.read() as connection:
        return list((await connection.execute(wanted, values)).scalars())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.tuples(_sources, _ids, _texts, _texts, st.none() | st.integers(1, 3)),
        max_size=12,
        unique_by=lambda row: row[:2],
    ),
    needle=st.text("aB é.-\x00\ud800", min_size=1, max_size=4).map(search.needle_of).filter(bool),
    many=st.sampled_from([0, 2, 5000]),
    common=st.sampled_from([0, 2, 20]),
    size=st.integers(1, 4),
)
async def test_whatever_is_stored_is_found_as_if_all_coins_were_read(
    ran: Database, rows: list[Any], needle: str, many: int, common: int, size: int
) -> None:
    database = ran
    async with database.write() as connection:
        for table in ("coin_marks", "coin_pairs", "coin_keys", "coin_assets", "coins", "assets"):
            await connection.execute(text(f"DELETE FROM {table}"))
    stored = [
        asset(n, source=source, external_id=external_id, symbol=symbol, name=name, rank=rank)
        for n, (source, external_id, symbol, name, rank) in enumerate(rows, 1)
    ]
    for part in (stored[:6], stored[6:]):
        await write(database, assets, part)
        async with database.write() as connection:
            await linking.relink(connection, [row["id"] for row in part])
    wanted = await read_whole(database, needle)
    with (
        mock.patch.object(trigrams, "MANY", many),
        mock.patch.object(trigrams, "PERHAPS_MANY", -1),
        mock.patch.object(trigrams, "COMMON", common),
    ):
        assert await found(database, needle) == wanted
        assert set(await found(database, needle, order=(Order("rank"),))) == set(wanted)
        for backward in (False, True):
            assert await walked(database, needle, size, backward=backward) == wanted


async def test_a_cursor_of_another_needle_is_refused(database: Database) -> None:
    await write_assets(database, *(asset(n, name=f"Coin {n}") for n in range(1, 4)))
    await linking.catch_up(database)
    async with database.read() as connection:
        page = await coin_catalog.page(connection, CoinListing(search="coin"), Slice(1))
        with pytest.raises(InvalidCursor):
            await coin_catalog.page(connection, CoinListing(search="coi"), Slice(1, after=page.cursor(page.rows[0])))


async def test_a_coin_that_lost_its_slug_is_found_by_the_one_it_got(ran: Database) -> None:
    """Until another source had an asset of its id, a coin's slug was that id."""
    for n, source in enumerate(("csv", "coingecko"), 1):
        await write(ran, assets, [asset(n, source=source, external_id="a-b", symbol=f"S{n}", name=f"Name {n * 'x'}")])
        async with ran.write() as connection:
            await linking.relink(connection, [n])
    async with ran.read() as connection:
        slugs = {row.slug: row.id for row in await connection.execute(select(coins.c.slug, coins.c.id))}
    [own] = slugs.keys() - {"a-b"}
    assert await found(ran, own) == await found(ran, own.removeprefix("a-b")) == [slugs[own]]

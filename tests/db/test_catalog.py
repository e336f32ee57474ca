"""Reading assets: filters, search and order mean the same on both databases, and what they say."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from db import catalog, tables
from db.catalog import Listing, Order
from db.engine import Database
from db.filters import AnyOf, BadFilter, Condition, Every, Not, Where
from db.keyset import Slice
from tests.graphql_schema.rows import asset, write, write_assets

_MOMENT = datetime(2025, 1, 20, 10, 36, 6, tzinfo=UTC)
_TEXTS = ["", "BTC", "btc", "Straße", "STRASSE", "100%", "a_b", "aXb", "İ", "\U0010ffff", "\ud7ff", "\ue000", "!%"]
_NEEDLES = [*_TEXTS, "t", "%", "_", "!", "ß", "SS", "\0", "b\0", "\ud800", "'", '"', "\\"]


async def found(database: Database, listing: Listing) -> list[int]:
    async with database.read() as connection:
        page = await catalog.page(connection, listing, Slice(500), ["id"])
        assert await catalog.count(connection, listing) == len(page.rows)
    return [row.id for row in page.rows]


async def matching(database: Database, condition: Condition) -> set[int]:
    return set(await found(database, Listing(condition)))


_ROWS = [
    asset(n, name=name, rank=rank, price_usd=price, last_updated=updated, source=source)
    for n, (name, rank, price, updated, source) in enumerate(
        zip(
            _TEXTS,
            [None, 1, 2, 2, 3, None, -5, 2**31 - 1, 0, -(2**31), 7, 7, None],
            [None, 0.0, 0.5, 1e308, -1.0, 5e-324, None, 2.0, 2.0, 3.0, 0.1, 0.2, 0.3],
            [None, _MOMENT, _MOMENT.replace(year=2024), *[None] * 10],
            ["csv", "coingecko"] * 6 + ["csv"],
            strict=True,
        ),
        1,
    )
]


def holds(condition: Condition, row: dict[str, Any]) -> bool:
    """What a filter means, in Python."""
    match condition:
        case Every(parts):
            return all(holds(part, row) for part in parts)
        case AnyOf(parts):
            return any(holds(part, row) for part in parts)
        case Not(part):
            return not holds(part, row)
        case Where(field, operator, operand):
            return _compare(operator, row[field], operand)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _compare(operator: str, value: Any, operand: Any) -> bool:
    value = _folded(value)
    operand = tuple(map(_folded, operand)) if operator == "in" else _folded(operand)
    if operator == "is_null":
        return (value is None) is operand
    if operator == "ne":
        return bool(value != operand)
    comparisons: dict[str, Callable[[], Any]] = {
        "eq": lambda: value == operand,
        "in": lambda: value in operand,
        "gt": lambda: value > operand,
        "gte": lambda: value >= operand,
        "lt": lambda: value < operand,
        "lte": lambda: value <= operand,
        "contains": lambda: operand in value,
        "starts_with": lambda: value.startswith(operand),
    }
    return value is not None and bool(comparisons[operator]())


def _where(field: str, operators: list[str], operands: st.SearchStrategy[Any]) -> st.SearchStrategy[Condition]:
    single = st.builds(Where, st.just(field), st.sampled_from(operators), operands)
    several = st.builds(Where, st.just(field), st.just("in"), st.lists(operands, max_size=3).map(tuple))
    return single | several


_NUMBER_OPERATORS = ["eq", "ne", "gt", "gte", "lt", "lte"]
_leaf: st.SearchStrategy[Condition] = (
    _where("name", ["eq", "ne", "contains", "starts_with"], st.sampled_from(_NEEDLES))
    | _where("source", ["eq", "ne", "contains"], st.sampled_from(["csv", "CSV", "coin", "\0"]))
    | _where("rank", _NUMBER_OPERATORS, st.sampled_from([0, 2, 7, 2**31, -(2**31) - 1, 2**63, -(2**70), 10**400]))
    | _where("id", ["eq"], st.sampled_from([1, -1, 2**63, 10**30]))
    | _where("price_usd", _NUMBER_OPERATORS, st.sampled_from([0.0, -0.0, 2.0, 1e308, 0.1 + 0.2]))
    | _where("last_updated", ["eq", "gt", "gte", "lt", "lte"], st.sampled_from([_MOMENT, _MOMENT.replace(year=1)]))
    | st.builds(Where, st.sampled_from(["rank", "price_usd", "name"]), st.just("is_null"), st.booleans())
)
_conditions: st.SearchStrategy[Condition] = st.recursive(
    _leaf,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Every, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=_conditions)
async def test_a_filter_finds_exactly_what_it_says(database: Database, condition: Condition) -> None:
    if not await found(database, Listing()):
        await write_assets(database, *_ROWS)
    assert await matching(database, condition) == {row["id"] for row in _ROWS if holds(condition, row)}


async def test_lists_without_entries(database: Database) -> None:
    await write_assets(database, asset(1))
    assert await matching(database, Every(())) == {1}
    for nothing in (AnyOf(()), Where("rank", "in", ()), Not(Every(()))):
        assert await matching(database, nothing) == set()


async def test_search_ranks_by_relevance(database: Database) -> None:
    wanted = [
        asset(9, symbol="eth", name="x", rank=50),
        asset(8, symbol="ETHX", name="x", rank=2),
        asset(7, symbol="ethy", name="x", rank=None),
        asset(6, symbol="a", name="Eth", rank=9),
        asset(5, symbol="a", name="Ethereum", rank=1),
        asset(3, symbol="a", name="x", external_id="wrapped-eth", rank=4),
        asset(4, symbol="a", name="Together", rank=1),
        asset(1, symbol="a", name="Beth", rank=None),
        asset(2, symbol="a", name="Seth", rank=None),
    ]
    await write_assets(database, *wanted, asset(10, symbol="btc", name="Bitcoin", rank=1))
    assert await found(database, Listing(search=" ETH ")) == [row["id"] for row in wanted]
    by_id = Listing(search="eth", order=(Order("id", descending=True),))
    assert await found(database, by_id) == list(range(9, 0, -1))


@pytest.mark.parametrize("needle", ["%", "_", "!", "\\", "\0", "a\0", "\ud800"])
async def test_search_takes_text_literally(database: Database, needle: str) -> None:
    await write_assets(database, asset(1))
    assert await found(database, Listing(search=needle)) == []


async def test_search_pages_without_gaps(database: Database) -> None:
    await write_assets(database, *(asset(n, name=f"Coin {n % 4}", rank=n % 3 or None) for n in range(1, 30)))
    listing = Listing(search="coin 1")
    everything = await found(database, listing)
    walked: list[int] = []
    after = None
    async with database.read() as connection:
        while True:
            page = await catalog.page(connection, listing, Slice(2, after=after))
            walked += [row.id for row in page.rows]
            if not page.has_next:
                break
            after = page.cursor(page.rows[-1])
    assert walked == everything


async def test_a_needle_that_is_too_long_is_refused(database: Database) -> None:
    with pytest.raises(BadFilter):
        await found(database, Listing(search="x" * 1001))
    assert await matching(database, Where("name", "starts_with", "x" * 100_000)) == set()


@pytest.mark.parametrize("field", catalog.SORTABLE)
async def test_every_field_sorts_with_nulls_last_and_ties_by_id(database: Database, field: str) -> None:
    await write_assets(database, *_ROWS)

    def key(row: dict[str, Any]) -> Any:
        return _folded(row[field])

    known = sorted(row["id"] for row in _ROWS if row[field] is None)
    rising = [row["id"] for row in sorted((r for r in _ROWS if r[field] is not None), key=lambda r: (key(r), r["id"]))]
    falling_rows = sorted((r for r in _ROWS if r[field] is not None), key=lambda r: r["id"])
    falling = [row["id"] for row in sorted(falling_rows, key=key, reverse=True)]
    assert await found(database, Listing(order=(Order(field),))) == rising + known
    assert await found(database, Listing(order=(Order(field, descending=True), Order(field)))) == falling + known


async def test_finding_many(database: Database) -> None:
    await write_assets(database, *(asset(n) for n in range(1, 4)))
    async with database.read() as connection:
        by_id = await catalog.by_ids(connection, [3, 1, 99, -1, 2**70, 3])
        by_key = await catalog.by_keys(
            connection,
            [("coingecko", "coin-2"), ("csv", "coin-2"), ("coingecko", "COIN-2"), ("a\0", "b"), ("a", "\ud800")],
        )
        assert await catalog.by_ids(connection, []) == await catalog.by_ids(connection, [2**80]) == {}
    assert {key: row.name for key, row in by_id.items()} == {1: "Coin 1", 3: "Coin 3"}
    assert {key: row.id for key, row in by_key.items()} == {("coingecko", "coin-2"): 2}


async def test_only_the_columns_asked_for_are_read(database: Database) -> None:
    await write_assets(database, asset(1))
    async with database.write() as connection:
        await connection.execute(delete(tables.assets))
    await write(database, tables.assets, [asset(2)])
    async with database.read() as connection:
        page = await catalog.page(connection, Listing(), Slice(1), ["symbol", "rank"])
    assert list(page.rows[0]._mapping)[:2] == ["symbol", "rank"]
    assert not hasattr(page.rows[0], "payload")

"""Paging: every row once, in the order of a plain sort, forward and backward, on both databases."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Double, Integer, MetaData, Table, Text, delete, insert, select

from db import cursors, keyset
from db.clock import UtcDateTime
from db.engine import Database
from db.errors import InvalidCursor
from db.keyset import Ordering, Page, Slice, Term

_METADATA = MetaData()
THINGS = Table(
    "keyset_things",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("number", Integer),
    Column("figure", Double),
    Column("word", Text(collation="C").with_variant(Text(), "sqlite"), nullable=False),
    Column("time", UtcDateTime),
)
SORTABLE = [column.name for column in THINGS.c]


@pytest.fixture
async def things(database: Database) -> AsyncIterator[Database]:
    async with database.write() as connection:
        await connection.run_sync(_METADATA.create_all)
    yield database
    async with database.write() as connection:
        await connection.run_sync(_METADATA.drop_all)


Row = dict[str, Any]
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.none() | st.integers(-2, 2) | st.sampled_from([-(2**31), 2**31 - 1]),
            "figure": st.none() | st.sampled_from([-1.5, 0.0, 0.1, 1e22, 1.7976931348623157e308, 5e-324]),
            "word": st.sampled_from(["", "a", "ab", "b", "é", "\ufffd", "\U0001f600", '"', "%"]),
            "time": st.none() | st.sampled_from([datetime(2025, 1, day, 3, 4, 5, 6, tzinfo=UTC) for day in (1, 2)]),
        }
    ),
    max_size=12,
)
_terms = st.lists(st.tuples(st.sampled_from(SORTABLE), st.booleans()), max_size=3, unique_by=lambda term: term[0])


def ordering_of(terms: Sequence[tuple[str, bool]], scope: str = "things") -> Ordering:
    return Ordering(
        tuple(Term(THINGS.c[name], down, bool(THINGS.c[name].nullable)) for name, down in terms), THINGS.c.id, scope
    )


def sorted_plainly(rows: Sequence[Row], terms: Sequence[tuple[str, bool]]) -> list[int]:
    def compare(one: Row, other: Row) -> int:
        for name, down in (*terms, ("id", False)):
            a, b = one[name], other[name]
            if a == b:
                continue
            if a is None or b is None:
                return 1 if a is None else -1
            return (1 if a > b else -1) * (-1 if down else 1)
        return 0

    return [row["id"] for row in sorted(rows, key=cmp_to_key(compare))]


async def fill(database: Database, rows: Sequence[Row]) -> list[Row]:
    numbered = [{"id": n, **row} for n, row in enumerate(rows, 1)]
    async with database.write() as connection:
        await connection.execute(delete(THINGS))
        if numbered:
            await connection.execute(insert(THINGS), numbered)
    return numbered


async def take(database: Database, ordering: Ordering, wanted: Slice) -> Page:
    async with database.read() as connection:
        return await keyset.fetch(connection, select(THINGS.c.id, THINGS.c.word), ordering, wanted)


async def walk(database: Database, ordering: Ordering, limit: int, *, backward: bool) -> list[list[int]]:
    """The ids of all pages, first to last whatever the direction of travel."""
    pages: list[list[int]] = []
    wanted = Slice(limit, backward=backward)
    while True:
        page = await take(database, ordering, wanted)
        ids = [row.id for row in page.rows]
        met = bool(pages)
        pages.append(ids)
        assert (page.has_next if backward else page.has_previous) == met
        if not (page.has_previous if backward else page.has_next):
            return pages[::-1] if backward else pages
        edge = page.cursor(page.rows[0 if backward else -1])
        wanted = replace(wanted, before=edge) if backward else replace(wanted, after=edge)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows, terms=_terms, limit=st.integers(1, 5), backward=st.booleans())
async def test_a_walk_visits_each_row_once_in_order(
    things: Database, rows: list[Row], terms: list[tuple[str, bool]], limit: int, backward: bool
) -> None:
    stored = await fill(things, rows)
    pages = await walk(things, ordering_of(terms), limit, backward=backward)
    assert [row_id for page in pages for row_id in page] == sorted_plainly(stored, terms)
    assert all(len(page) == limit for page in (pages[1:] if backward else pages[:-1]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows, terms=_terms, data=st.data())
async def test_rows_between_two_cursors(
    things: Database, rows: list[Row], terms: list[tuple[str, bool]], data: st.DataObject
) -> None:
    stored = await fill(things, rows)
    ordering = ordering_of(terms)
    everything = await take(things, ordering, Slice(100))
    ids = [row.id for row in everything.rows]
    places = [(n, everything.cursor(row)) for n, row in enumerate(everything.rows)]
    low, after = data.draw(st.sampled_from([(-1, None), *places]))
    high, before = data.draw(st.sampled_from([(len(ids), None), *places]))
    backward = data.draw(st.booleans())
    page = await take(things, ordering, Slice(3, backward=backward, after=after, before=before))
    inside = ids[low + 1 : high] if high > low else []
    assert [row.id for row in page.rows] == (inside[-3:] if backward else inside[:3])
    assert len(stored) == len(ids)


@pytest.mark.parametrize("terms", [[], [("number", False)], [("word", True)]])
async def test_an_offset_skips_from_the_start_or_the_end(things: Database, terms: list[tuple[str, bool]]) -> None:
    stored = await fill(things, [{"number": n % 3 or None, "figure": 0.0, "word": "x", "time": None} for n in range(9)])
    ids = sorted_plainly(stored, terms)
    page = await take(things, ordering_of(terms), Slice(2, offset=5))
    assert ([row.id for row in page.rows], page.has_next, page.has_previous) == (ids[5:7], True, True)
    page = await take(things, ordering_of(terms), Slice(2, offset=5, backward=True))
    assert ([row.id for row in page.rows], page.has_next, page.has_previous) == (ids[2:4], True, True)


async def test_a_cursor_outlives_its_row(things: Database) -> None:
    await fill(things, [{"number": n, "figure": 0.0, "word": "x", "time": None} for n in range(4)])
    ordering = ordering_of([("number", False)])
    cursor = (page := await take(things, ordering, Slice(2))).cursor(page.rows[0])
    async with things.write() as connection:
        await connection.execute(delete(THINGS).where(THINGS.c.id == 1))
    page = await take(things, ordering, Slice(2, after=cursor))
    assert ([row.id for row in page.rows], page.has_previous) == ([2, 3], False)


_ORDERING = ordering_of([("number", False), ("figure", True), ("word", False), ("time", True)])
_KEY = (3, 1.5, "ä", datetime(2025, 1, 1, tzinfo=UTC), 7)
_GOOD = cursors.encode(_ORDERING.scope, _KEY)


def test_a_cursor_comes_back_as_the_key_it_was_made_of() -> None:
    assert _ORDERING.key_of(_GOOD) == _KEY


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")) | st.just("W" * 100_000))
def test_no_text_but_a_cursor_is_taken_for_one(text: str) -> None:
    with pytest.raises(InvalidCursor):
        _ORDERING.key_of(text)


@given(st.integers(0, len(_GOOD) - 1), st.sampled_from("AQgw059-_=+ /\n"))
def test_a_changed_cursor_is_refused(place: int, character: str) -> None:
    changed = _GOOD[:place] + character + _GOOD[place + 1 :]
    if changed != _GOOD:
        with pytest.raises(InvalidCursor):
            _ORDERING.key_of(changed)


_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(_junk, max_size=6))
def test_a_forged_cursor_is_refused_or_safe(values: list[Any]) -> None:
    try:
        forged = cursors.encode(_ORDERING.scope, values)
    except (ValueError, TypeError):
        return
    try:
        number, figure, word, time, row_id = _ORDERING.key_of(forged)
    except InvalidCursor:
        return
    assert number is None or number in cursors.INT32
    assert row_id in cursors.INT32
    assert cursors.storable(word)
    assert figure != float("inf")
    assert not isinstance(time, str)


@pytest.mark.parametrize("scope", ["things", "things of another filter"])
@pytest.mark.parametrize("terms", [[("number", True)], [("word", False)], []])
def test_a_cursor_fits_no_other_list(scope: str, terms: list[tuple[str, bool]]) -> None:
    with pytest.raises(InvalidCursor):
        ordering_of(terms, scope).key_of(_GOOD)


def test_deeply_nested_json_is_refused() -> None:
    nested = urlsafe_b64encode(b"[" * 200_000).decode().rstrip("=")
    with pytest.raises(InvalidCursor):
        _ORDERING.key_of(nested)


async def test_deep_pages_do_not_wait_for_each_other(things: Database) -> None:
    await fill(things, [{"number": n, "figure": 0.0, "word": "x", "time": None} for n in range(8)])
    ordering = ordering_of([("number", False)])
    pages = await asyncio.gather(*(take(things, ordering, Slice(1, offset=n)) for n in range(8)))
    assert [page.rows[0].id for page in pages] == list(range(1, 9))

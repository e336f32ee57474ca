"""Paging while rows are written: whoever isn't written comes exactly once, in order, whatever else moves."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from db.engine import Database
from db.keyset import Slice
from tests.db.test_keyset import THINGS, Row, fill, ordering_of, sorted_plainly, take, things

__all__ = ["things"]  # the fixture

ORDERS = [
    [],
    [("number", False)],
    [("number", True), ("figure", False)],
    [("word", False), ("number", False)],
    [("word", True), ("figure", True), ("number", False)],
]
NEW = 1000
# Pages between which something is written: rows could move ahead of the walk for ever.
PAGES_WITH_WRITES = 8


def any_values(random: Random) -> Row:
    """Few different values, so that there are ties and nulls on both sides of every page's edge."""
    return {
        "number": random.choice([None, 0, 1, 2]),
        "figure": random.choice([None, 0.0, 1.5]),
        "word": random.choice("ab"),
        "time": None,
    }


async def write_something(database: Database, random: Random, moving: list[int]) -> None:
    """Add a row, move one, and take one away."""
    moving.append(NEW + len(moving))
    moved, gone = random.choice(moving), random.choice(moving)
    statements: list[Any] = [
        insert(THINGS).values(id=moving[-1], **any_values(random)),
        update(THINGS).values(any_values(random)).where(THINGS.c.id == moved),
        delete(THINGS).where(THINGS.c.id == gone),
    ]
    async with database.write() as connection:
        for statement in statements:
            await connection.execute(statement)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("terms", ORDERS)
async def test_rows_that_stay_as_they_are_come_exactly_once(
    things: Database, terms: list[tuple[str, bool]], backward: bool, seed: int
) -> None:
    random = Random(seed)
    stored = await fill(things, [any_values(random) for _ in range(21)])
    moving = [row["id"] for row in stored if row["id"] % 3 == 0]
    staying = [row for row in stored if row["id"] % 3]
    ordering = ordering_of(terms)
    seen: list[int] = []
    wanted = Slice(random.randint(1, 3), backward=backward)
    pages = 0
    while True:
        page = await take(things, ordering, wanted)
        ids = [row.id for row in page.rows]
        seen = [*ids, *seen] if backward else [*seen, *ids]
        if not (page.has_previous if backward else page.has_next):
            break
        edge = page.cursor(page.rows[0 if backward else -1])
        wanted = replace(wanted, before=edge) if backward else replace(wanted, after=edge)
        pages += 1
        assert pages < 100, "the walk does not end"
        if pages <= PAGES_WITH_WRITES:
            await write_something(things, random, moving)
    expected = sorted_plainly(staying, terms)
    assert pages >= PAGES_WITH_WRITES / 2
    assert [row_id for row_id in seen if row_id in set(expected)] == expected

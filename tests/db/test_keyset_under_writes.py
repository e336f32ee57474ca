"""Paging while rows are written: whoever isn't written comes exactly once, in order, whatever else moves."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from db.engine import Database
from db.keyset import Slice
from tests.db.test_keyset import THINGS, Row, fill, ordering_of, sorted_plainly, take, things

__all__ = ["things"]  # the fixture
# Few values, so that there are ties and nulls on both sides of every page's edge.
_values = st.fixed_dictionaries(
    {
        "number": st.none() | st.integers(0, 2),
        "figure": st.none() | st.sampled_from([0.0, 1.5]),
        "word": st.sampled_from(["a", "b"]),
        "time": st.none(),
    }
)
_terms = st.lists(
    st.tuples(st.sampled_from(["word", "number", "figure"]), st.booleans()),
    min_size=1, max_size=3, unique_by=lambda term: term[0],
)  # fmt: skip
NEW = 1000
# A write between two pages: a new row, or another place (or none) for one of the rows that move.
_writes = st.lists(st.tuples(st.sampled_from(["insert", "update", "delete"]), st.integers(0, 99), _values), max_size=4)


async def carry_out(database: Database, writes: list[tuple[str, int, Row]], moving: list[int]) -> None:
    async with database.write() as connection:
        for kind, which, values in writes:
            if kind == "insert":
                moving.append(NEW + len(moving))
                await connection.execute(insert(THINGS).values(id=moving[-1], **values))
            elif moving:
                changed = moving[which % len(moving)]
                statement: Any = update(THINGS).values(values) if kind == "update" else delete(THINGS)
                await connection.execute(statement.where(THINGS.c.id == changed))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(_values, st.booleans()), min_size=4, max_size=14),
    terms=_terms,
    limit=st.integers(1, 4),
    backward=st.booleans(),
    data=st.data(),
)
async def test_rows_that_stay_as_they_are_come_exactly_once(
    things: Database,
    rows: list[tuple[Row, bool]],
    terms: list[tuple[str, bool]],
    limit: int,
    backward: bool,
    data: st.DataObject,
) -> None:
    stored = await fill(things, [row for row, _ in rows])
    moving = [row["id"] for row, (_, moves) in zip(stored, rows, strict=True) if moves]
    staying = [row for row in stored if row["id"] not in moving]
    ordering = ordering_of(terms)
    seen: list[int] = []
    wanted = Slice(limit, backward=backward)
    # Rows may move ahead of the walk again and again; the writes end, so that the walk does, too.
    for round_number in range(200):
        page = await take(things, ordering, wanted)
        ids = [row.id for row in page.rows]
        seen = [*ids, *seen] if backward else [*seen, *ids]
        if not (page.has_previous if backward else page.has_next):
            break
        edge = page.cursor(page.rows[0 if backward else -1])
        wanted = replace(wanted, before=edge) if backward else replace(wanted, after=edge)
        if round_number < 6:
            await carry_out(things, data.draw(_writes), moving)
    else:
        raise AssertionError("the walk does not end")
    expected = sorted_plainly(staying, terms)
    assert [row_id for row_id in seen if row_id in set(expected)] == expected

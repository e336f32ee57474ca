"""A field that appears, vanishes or changes its kind is noticed once."""

import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from db.enums import RunStatus
from etl.drift import Survey, compare, shape_of
from tests.etl.conftest import Ingest, Query
from tests.fakes import MemorySource

EVENTS = "SELECT path, kind, before, after, affected_percent, run_id FROM etl_drift_events ORDER BY id"


def survey(*records: Any) -> Survey:
    return Survey(len(records), Counter(map(shape_of, records)))


def records(**extra: Any) -> MemorySource:
    return MemorySource([[json.dumps({"id": f"c{n}", "price": 1.5, **extra}).encode() for n in range(4)]])


def test_paths_and_kinds() -> None:
    assert dict(shape_of({"a": 1, "b": {"c": [True]}})) == {
        "a": "number", "b": "object", "b.c": "array", "b.c[]": "boolean",
    }  # fmt: skip


def test_null_is_no_change_of_kind() -> None:
    _, known = compare({}, survey({"a": None}, {"a": 1}))
    assert compare(known, survey({"a": None}))[0] == []
    assert compare({"a": frozenset()}, survey({"a": 1}))[0] == []


def test_the_share_of_records_is_told() -> None:
    _, known = compare({}, survey({"a": 1}))
    [change] = compare(known, survey({"a": 1}, {"a": "1"}, {"a": 2}, {"a": 3}))[0]
    assert (change.kind, change.before, change.after, change.affected_percent) == (
        "retyped", "number", "number|string", 25.0,
    )  # fmt: skip


async def test_each_change_is_recorded_once(ingest: Ingest, query: Query) -> None:
    for source in (records(), records(), records(extra="new"), records(extra="new"), records()):
        assert (await ingest(source)).status is RunStatus.SUCCESS
    assert await query(EVENTS) == [
        ("extra", "appeared", None, "string", 100.0, 3),
        ("extra", "vanished", "string", None, 100.0, 5),
    ]


async def test_a_retyped_field_is_recorded_even_though_the_run_fails(ingest: Ingest, query: Query) -> None:
    await ingest(records())
    assert (await ingest(records(price="1.5"))).status is RunStatus.FAILED
    assert await query(EVENTS) == [("price", "retyped", "number", "string", 100.0, 2)]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.dictionaries(st.text(), v) | st.lists(v)
    )
)
def test_any_record_has_a_shape_and_equals_itself(value: Any) -> None:
    _, known = compare({}, survey(value))
    assert compare(known, survey(value))[0] == []
    assert all("\x00" not in path for path in known)

"""Quarantined records and schema drift in the graph."""

from datetime import timedelta
from typing import Any

import pytest

from db import tables
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import START, drifted, quarantined, write, write_run

MOMENT = "2025-01-20T10:36:06.480000Z"
QUARANTINE = """
query ($first: Int, $after: String, $last: Int, $before: String, $source: String, $run: ID, $replayed: Boolean) {
  quarantine(first: $first, after: $after, last: $last, before: $before, source: $source, runId: $run,
             replayed: $replayed) {
    totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
DRIFT = """
query ($first: Int, $after: String, $last: Int, $before: String, $source: String) {
  drift(first: $first, after: $after, last: $last, before: $before, source: $source) {
    totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


def numbers(nodes: Any) -> list[int]:
    return [int(decoded.key) for node in nodes if (decoded := ids.decode(node["id"]))]


async def fill(graph: Graph) -> None:
    """Six records of each kind: odd ones of csv in run 1, even ones of coingecko in run 2; 3 and 4 were replayed."""
    await write_run(graph.database, 1, source="csv")
    await write_run(graph.database, 2)
    await write_run(graph.database, 3, source="csv", mode="replay")
    where = [{"source": "csv", "run_id": 1} if n % 2 else {"source": "coingecko", "run_id": 2} for n in range(1, 7)]
    rows = [quarantined(n, **found, replayed_at=None, replay_run_id=None) for n, found in enumerate(where, 1)]
    for n in (3, 4):
        rows[n - 1] |= {"replayed_at": START + timedelta(hours=1), "replay_run_id": 3}
    await write(graph.database, tables.quarantine, rows)
    await write(graph.database, tables.drift_events, [drifted(n, **found) for n, found in enumerate(where, 1)])


async def test_a_quarantined_record_as_it_is_stored(graph: Graph) -> None:
    await fill(graph)
    fields = """id source reason detail externalId payload at run { id } replayedAt replayRun { id mode }"""
    answer = await graph.ask(f"{{ quarantine(first: 4) {{ nodes {{ {fields} }} }} }}")
    found = answer["quarantine"]["nodes"]
    assert found[0] == {
        "id": ids.encode("QuarantinedRecord", 6), "source": "coingecko", "reason": "wrong_type",
        "detail": "price: not a number", "externalId": "coin-6", "payload": '{"price":"?"}', "at": MOMENT,
        "run": {"id": ids.encode("Run", 2)}, "replayedAt": None, "replayRun": None,
    }  # fmt: skip
    assert found[3]["replayedAt"] == "2025-01-20T11:36:06.480000Z"
    assert found[3]["replayRun"] == {"id": ids.encode("Run", 3), "mode": "REPLAY"}


async def test_a_drift_event_as_it_is_stored(graph: Graph) -> None:
    await fill(graph)
    fields = "id source path kind before after affectedPercent at run { id }"
    answer = await graph.ask(f"{{ drift(first: 1) {{ nodes {{ {fields} }} }} }}")
    assert answer["drift"]["nodes"] == [
        {
            "id": ids.encode("DriftEvent", 6), "source": "coingecko", "path": "quotes.USD.price", "kind": "retyped",
            "before": "number", "after": "string", "affectedPercent": 12.5, "at": MOMENT,
            "run": {"id": ids.encode("Run", 2)},
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"source": "csv"}, [5, 3, 1]),
        ({"source": "CSV"}, []),
        ({"source": "a\0b"}, []),
        ({"run": ids.encode("Run", 2)}, [6, 4, 2]),
        ({"run": ids.encode("Run", 9)}, []),
        ({"replayed": True}, [4, 3]),
        ({"replayed": False}, [6, 5, 2, 1]),
        ({"source": "csv", "run": ids.encode("Run", 1), "replayed": True}, [3]),
        ({"source": None, "run": None, "replayed": None}, [6, 5, 4, 3, 2, 1]),
    ],
)
async def test_filters_of_the_quarantine(graph: Graph, given: dict[str, Any], expected: list[int]) -> None:
    await fill(graph)
    found = (await graph.ask(QUARANTINE, **given))["quarantine"]
    assert (numbers(found["nodes"]), found["totalCount"]) == (expected, len(expected))


async def test_drift_of_one_source(graph: Graph) -> None:
    await fill(graph)
    found = (await graph.ask(DRIFT, source="csv"))["drift"]
    assert (numbers(found["nodes"]), found["totalCount"]) == ([5, 3, 1], 3)


@pytest.mark.parametrize(("query", "name"), [(QUARANTINE, "quarantine"), (DRIFT, "drift")])
async def test_walking_both_ways(graph: Graph, query: str, name: str) -> None:
    await fill(graph)
    forward = (await graph.ask(query, first=4))[name]
    rest = (await graph.ask(query, first=4, after=forward["pageInfo"]["endCursor"]))[name]
    assert (numbers(forward["nodes"]), numbers(rest["nodes"])) == ([6, 5, 4, 3], [2, 1])
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)
    back = (await graph.ask(query, last=3, before=rest["pageInfo"]["startCursor"]))[name]
    assert numbers(back["nodes"]) == [5, 4, 3]
    assert (back["pageInfo"]["hasNextPage"], back["pageInfo"]["hasPreviousPage"]) == (True, True)
    cursor = forward["pageInfo"]["endCursor"]
    assert await graph.codes(query, after=cursor, source="csv") == ["INVALID_CURSOR"]
    assert await graph.codes(query, first=1, last=1) == ["BAD_USER_INPUT"]
    assert await graph.codes(query, first=101) == ["BAD_USER_INPUT"]


async def test_cursors_fit_one_list_only(graph: Graph) -> None:
    await fill(graph)
    cursor = (await graph.ask(QUARANTINE))["quarantine"]["pageInfo"]["endCursor"]
    assert await graph.codes(DRIFT, after=cursor) == ["INVALID_CURSOR"]


async def test_a_run_is_named_by_its_id(graph: Graph) -> None:
    assert await graph.codes(QUARANTINE, run="junk") == ["BAD_USER_INPUT"]
    assert await graph.codes(QUARANTINE, run=ids.encode("Asset", 1)) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("name", ["quarantine", "drift"])
async def test_counting_costs_only_when_asked_for(graph: Graph, name: str) -> None:
    await fill(graph)
    await graph.ask(f"{{ {name} {{ nodes {{ id }} }} }}")
    assert await graph.count_statements(f"{{ {name} {{ nodes {{ id }} }} }}") == 1
    assert await graph.count_statements(f"{{ {name} {{ totalCount }} }}") == 1
    assert "count(" in graph.statements[-1]

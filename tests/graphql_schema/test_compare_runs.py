"""Comparing two runs: figures side by side, and what is unusual by the source's own past."""

from datetime import timedelta
from typing import Any

import pytest

from db import tables
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import START, run, write, write_run, write_runs

COMPARE = """
query ($base: ID!, $other: ID!) {
  compareRuns(baseId: $base, otherId: $other) {
    base { id } other { id } differences { metric base other changePercent } anomalies historySize
  }
}
"""
USUAL = {"records_processed": 1000, "inserted": 2, "updated": 900, "unchanged": 98, "total": 1000}


async def compare(graph: Graph, base: int, other: int) -> Any:
    answer = await graph.ask(COMPARE, base=ids.encode("Run", base), other=ids.encode("Run", other))
    return answer["compareRuns"]


async def write_past(graph: Graph, source: str = "coingecko", *, start: int = 1, **values: Any) -> None:
    """Ten whole successful passes that differ a little."""
    for number in range(start, start + 10):
        wobble = number % 3 - 1
        figures = {**USUAL, "updated": 900 + 5 * wobble, "unchanged": 98 - 5 * wobble, **values}
        await write_run(graph.database, number, source=source, **figures)


def differences(comparison: Any) -> dict[str, tuple[Any, ...]]:
    return {each["metric"]: (each["base"], each["other"], each["changePercent"]) for each in comparison["differences"]}


async def test_figures_side_by_side(graph: Graph) -> None:
    await write_run(graph.database, 1, records_processed=200, inserted=200, total=200)
    later = START + timedelta(seconds=3)
    await write_run(graph.database, 2, records_processed=250, updated=250, quarantined=0, run_finished_at=later)
    found = await compare(graph, 1, 2)
    assert (found["base"], found["other"]) == ({"id": ids.encode("Run", 1)}, {"id": ids.encode("Run", 2)})
    assert (found["anomalies"], found["historySize"]) == ([], 1)
    assert differences(found) == {
        "recordsProcessed": (200, 250, 25),
        "inserted": (200, 0, -100),
        "updated": (0, 250, None),
        "unchanged": (0, 0, 0),
        "stale": (0, 0, 0),
        "missing": (0, 0, 0),
        "quarantined": (0, 0, 0),
        "total": (200, None, None),
        "durationMs": (1500, 3000, 100),
        "recordsPerSecond": (pytest.approx(133.333, abs=0.001), pytest.approx(83.333, abs=0.001), pytest.approx(-37.5)),
    }


async def test_a_usual_run_has_no_anomalies(graph: Graph) -> None:
    await write_past(graph)
    await write_run(graph.database, 11, **{**USUAL, "updated": 905, "unchanged": 93})
    found = await compare(graph, 10, 11)
    assert (found["anomalies"], found["historySize"]) == ([], 10)


async def test_what_is_far_from_usual_is_told_in_sentences(graph: Graph) -> None:
    await write_past(graph)
    slow = START + timedelta(seconds=60)
    odd = {"updated": 500, "unchanged": 98, "quarantined": 400, "run_finished_at": slow}
    await write_run(graph.database, 11, **{**USUAL, **odd})
    assert (await compare(graph, 10, 11))["anomalies"] == [
        "500 changed assets, far fewer than the usual 900 (median of 10 runs, spread 10).",
        "400 quarantined records, far more than the usual 0 (median of 10 runs, spread 1).",
        "60,000 milliseconds, far more than the usual 1,500 (median of 10 runs, spread 500).",
        "16.7 records a second, far fewer than the usual 667 (median of 10 runs, spread 66.7).",
    ]


async def test_one_odd_run_in_the_past_does_not_make_odd_runs_usual(graph: Graph) -> None:
    await write_past(graph)
    await write_run(graph.database, 11, **{**USUAL, "quarantined": 1000})
    await write_run(graph.database, 12, **{**USUAL, "quarantined": 300})
    assert "300 quarantined records" in (await compare(graph, 11, 12))["anomalies"][0]


@pytest.mark.parametrize(
    "unlike",
    [
        {"source": "csv"},
        {"status": "failed"},
        {"status": "abandoned"},
        {"mode": "replay"},
        {"start_position": 500, "resumed_after": "x"},
    ],
)
async def test_only_whole_passes_of_the_source_say_what_is_usual(graph: Graph, unlike: dict[str, Any]) -> None:
    await write_past(graph, start=1, **{"quarantined": 300, **unlike} | {"source": "coingecko"} | unlike)
    await write_past(graph, start=21)
    await write_past(graph, start=51, quarantined=300)  # asked for after the run that is looked at
    await write_run(graph.database, 41, **{**USUAL, "quarantined": 300})
    found = await compare(graph, 30, 41)
    assert found["historySize"] == 10
    assert [sentence[:23] for sentence in found["anomalies"]] == ["300 quarantined records"]


async def test_runs_of_different_sources_are_not_mixed(graph: Graph) -> None:
    await write_past(graph, "csv", start=1, quarantined=500)
    await write_past(graph, "coingecko", start=21)
    await write_run(graph.database, 41, **{**USUAL, "quarantined": 500})
    found = await compare(graph, 10, 41)
    assert {change for _, _, change in differences(found).values()} == {None}
    assert differences(found)["quarantined"] == (500, 500, None)
    assert found["anomalies"][0].startswith("The runs are of different sources, csv and coingecko:")
    assert [sentence[:23] for sentence in found["anomalies"][1:]] == ["500 quarantined records"]


async def test_a_replay_is_judged_by_replays(graph: Graph) -> None:
    await write_past(graph)
    await write_run(graph.database, 11, mode="replay", records_processed=3, quarantined=3)
    found = await compare(graph, 10, 11)
    assert found["historySize"] == 0
    assert [sentence[:40] for sentence in found["anomalies"]] == ["One of the runs replayed the quarantine "]
    assert differences(found)["recordsProcessed"] == (1000, 3, None)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"status": "running", "run_finished_at": None}, "The run is running: its figures are not final"),
        ({"status": "failed", "error": "HTTP 500"}, "The run ended as failed (HTTP 500): its figures are of a part"),
        ({"status": "cancelled"}, "The run ended as cancelled: its figures"),
        ({"start_position": 600}, "The run went on behind record 600 of a pass"),
    ],
)
async def test_a_part_of_a_pass_is_not_judged(graph: Graph, values: dict[str, Any], sentence: str) -> None:
    await write_past(graph)
    await write_run(graph.database, 11, records_processed=7, **values)
    found = await compare(graph, 10, 11)
    assert found["historySize"] == 0
    [note] = found["anomalies"]
    assert note.startswith(sentence)


async def test_runs_that_are_not_there(graph: Graph) -> None:
    await write_run(graph.database, 1)
    assert await compare(graph, 1, 2) is None
    assert await compare(graph, 2, 1) is None
    assert await graph.codes(COMPARE, base="junk", other=ids.encode("Run", 1)) == ["BAD_USER_INPUT"]


async def test_a_comparison_costs_three_statements(graph: Graph) -> None:
    await write_past(graph)
    assert await graph.count_statements(COMPARE, base=ids.encode("Run", 9), other=ids.encode("Run", 10)) == 3


async def test_coins_that_sources_contradict_each_other_about_are_anomalies(graph: Graph) -> None:
    await write_runs(graph.database, run(1), run(2))
    told = {"source": "coingecko", "run": "{}", "at": START}
    events = [
        {"sequence": 1, "run_id": 1, "kind": "anomaly", "message": "of another run", **told},
        {"sequence": 2, "run_id": 2, "kind": "anomaly", "message": "about Bitcoin 35 %", **told},
        {"sequence": 3, "run_id": 2, "kind": "ended", "message": "success", **told},
    ]
    await write(graph.database, tables.run_events, events)
    assert (await compare(graph, 1, 2))["anomalies"] == ["about Bitcoin 35 %"]

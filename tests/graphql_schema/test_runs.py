"""Runs, batches, checkpoints, sources and totals in the graph."""

from datetime import timedelta
from typing import Any

from db import tables
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import START, asset, batch, event, raw, write, write_assets, write_run


async def test_a_run_as_it_is_stored(graph: Graph) -> None:
    await write_run(
        graph.database, 4, mode="full", trigger="manual", status="failed", records_processed=30, start_position=45,
        total=100, inserted=1, updated=2, unchanged=3, stale=4, missing=5, quarantined=15, injected_failure=True,
        error="injected", resumed_after="record-9",
    )  # fmt: skip
    answer = await graph.ask(
        """query ($id: ID!) { run(id: $id) {
          id source mode trigger status recordsProcessed inserted updated unchanged stale missing quarantined total
          progressPercent injectedFailure error requestedAt startedAt finishedAt durationMs resumedAfter
        } }""",
        id=ids.encode("Run", 4),
    )
    moment = "2025-01-20T10:36:06.480000Z"
    assert answer["run"] == {
        "id": ids.encode("Run", 4), "source": "coingecko", "mode": "FULL", "trigger": "MANUAL", "status": "FAILED",
        "recordsProcessed": 30, "inserted": 1, "updated": 2, "unchanged": 3, "stale": 4, "missing": 5,
        "quarantined": 15, "total": 100, "progressPercent": 75.0, "injectedFailure": True, "error": "injected",
        "requestedAt": moment, "startedAt": moment, "finishedAt": "2025-01-20T10:36:07.980000Z", "durationMs": 1500,
        "resumedAfter": "record-9",
    }  # fmt: skip


async def progress(graph: Graph) -> list[Any]:
    answer = await graph.ask("{ runs { nodes { recordsProcessed total progressPercent durationMs } } }")
    return [tuple(node.values()) for node in answer["runs"]["nodes"]]


async def test_figures_of_unusual_runs(graph: Graph) -> None:
    await write_run(graph.database, 1, total=None, run_finished_at=None)
    await write_run(graph.database, 2, total=0, run_started_at=None)
    await write_run(graph.database, 3, total=2**40, records_processed=2**39)
    assert await progress(graph) == [
        (2**31 - 1, 2**31 - 1, 50.0, 1500),
        (0, 0, 100.0, None),
        (0, None, None, None),
    ]


RUNS = """
query ($first: Int, $after: String, $filter: RunFilter) {
  runs(first: $first, after: $after, filter: $filter) {
    totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
"""


def numbers(answer: Any) -> list[int]:
    decoded = [ids.row_id("Run", node["id"]) for node in answer["runs"]["nodes"]]
    return [number for number in decoded if number is not None]


async def test_runs_come_newest_first(graph: Graph) -> None:
    for number in range(1, 6):
        await write_run(graph.database, number)
    page = await graph.ask(RUNS, first=3)
    assert numbers(page) == [5, 4, 3]
    page = await graph.ask(RUNS, first=3, after=page["runs"]["pageInfo"]["endCursor"])
    assert numbers(page) == [2, 1]
    assert (page["runs"]["totalCount"], page["runs"]["pageInfo"]["hasPreviousPage"]) == (5, True)
    cursor = page["runs"]["pageInfo"]["endCursor"]
    assert await graph.codes(RUNS, after=cursor, filter={"status": ["FAILED"]}) == ["INVALID_CURSOR"]


async def test_run_filters(graph: Graph) -> None:
    await write_run(graph.database, 1, source="csv", status="failed", trigger="manual")
    await write_run(graph.database, 2, run_started_at=None)
    await write_run(graph.database, 3, run_started_at=START + timedelta(days=1))
    expected = [
        ({"source": {"eq": "csv"}}, [1]),
        ({"source": {"ne": "csv"}, "trigger": ["SCHEDULE"]}, [3, 2]),
        ({"status": ["FAILED", "SUCCESS"]}, [3, 2, 1]),
        ({"status": []}, []),
        ({"startedAt": {"gt": START.isoformat()}}, [3]),
        ({"startedAt": {"isNull": True}}, [2]),
        ({}, [3, 2, 1]),
    ]
    for given, found in expected:
        answer = await graph.ask(RUNS, filter=given)
        assert (numbers(answer), answer["runs"]["totalCount"]) == (found, len(found))
    assert await graph.codes(RUNS, filter={"status": None}) == ["BAD_USER_INPUT"]


CHECKPOINTS = """
{ runs { nodes { checkpointBefore { position lastRecordId } checkpointAfter { position lastRecordId } } } }
"""


async def test_where_a_run_found_the_checkpoint_and_where_it_left_it(graph: Graph) -> None:
    went_on = {"start_position": 10, "resumed_after": "record-10"}
    await write_run(graph.database, 1, records_processed=20)
    await write_run(graph.database, 2, records_processed=20, **went_on)
    await write_run(graph.database, 3, **went_on)
    await write_run(graph.database, 4, records_processed=20)  # its journal was given up
    await write_run(graph.database, 5, status="queued", run_started_at=None, run_finished_at=None)
    await write(graph.database, tables.batches, [batch(1, 1), batch(1, 2), batch(2, 2), batch(2, 3)])
    found = (await graph.ask(CHECKPOINTS))["runs"]["nodes"]
    start, ten = {"position": 0, "lastRecordId": None}, {"position": 10, "lastRecordId": "record-10"}
    assert [node["checkpointBefore"] for node in found] == [None, start, ten, ten, start]
    assert [node["checkpointAfter"] for node in found] == [
        None,
        {"position": 20, "lastRecordId": None},
        ten,
        {"position": 30, "lastRecordId": "record-30"},
        {"position": 20, "lastRecordId": "record-20"},
    ]
    assert await graph.count_statements(CHECKPOINTS) == 2


BATCHES = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  runs { nodes { batches(first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { sequence fromPosition toPosition seen committedAt lastRecordId }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } } }
}
"""


async def test_batches_of_each_run(graph: Graph) -> None:
    for number in (1, 2, 3):
        await write_run(graph.database, number)
    rows = [batch(1, n) for n in range(1, 6)] + [batch(3, n) for n in range(1, 3)]
    await write(graph.database, tables.batches, rows)
    answer = await graph.ask(BATCHES, last=3)
    found = [node["batches"] for node in answer["runs"]["nodes"]]
    assert [[b["sequence"] for b in page["nodes"]] for page in found] == [[1, 2], [], [3, 4, 5]]
    assert [page["totalCount"] for page in found] == [2, 0, 5]
    assert [page["pageInfo"]["hasPreviousPage"] for page in found] == [False, False, True]
    assert found[0]["nodes"][1] == {
        "sequence": 2, "fromPosition": 10, "toPosition": 20, "seen": 10, "lastRecordId": "record-20",
        "committedAt": "2025-01-20T10:36:06.480000Z",
    }  # fmt: skip
    cursor = found[2]["pageInfo"]["startCursor"]
    # A cursor belongs to one run, so asking all of them with it is a mistake.
    assert set(await graph.codes(BATCHES, last=3, before=cursor)) == {"INVALID_CURSOR"}
    one = "query ($id: ID!, $b: String) { run(id: $id) { batches(before: $b) { nodes { sequence } } } }"
    page = await graph.ask(one, id=ids.encode("Run", 1), b=cursor)
    assert page["run"]["batches"]["nodes"] == [{"sequence": 1}, {"sequence": 2}]


LOG = """
query ($first: Int, $after: String) {
  runs { nodes { log(first: $first, after: $after) {
    totalCount nodes { at kind message } pageInfo { hasNextPage endCursor }
  } } }
}
"""


async def test_the_log_of_each_run(graph: Graph) -> None:
    for number in (1, 2, 3):
        await write_run(graph.database, number)
    rows = [event(1, 1, "queued"), event(3, 2, "queued"), event(1, 3, "started"), event(1, 4, "ended")]
    await write(graph.database, tables.run_events, rows)
    answer = await graph.ask(LOG, first=2)
    found = [node["log"] for node in answer["runs"]["nodes"]]
    assert [[entry["kind"] for entry in page["nodes"]] for page in found] == [["QUEUED"], [], ["QUEUED", "STARTED"]]
    assert [page["totalCount"] for page in found] == [1, 0, 3]
    assert [page["pageInfo"]["hasNextPage"] for page in found] == [False, False, True]
    assert found[0]["nodes"] == [{"at": "2025-01-20T10:36:06.480000Z", "kind": "QUEUED", "message": "queued!"}]
    assert await graph.count_statements(LOG) == 3
    cursor = found[2]["pageInfo"]["endCursor"]
    assert set(await graph.codes(LOG, after=cursor)) == {"INVALID_CURSOR"}
    one = "query ($id: ID!, $a: String) { run(id: $id) { log(after: $a) { nodes { kind } } } }"
    page = await graph.ask(one, id=ids.encode("Run", 1), a=cursor)
    assert page["run"]["log"]["nodes"] == [{"kind": "ENDED"}]


def checkpoint(source: str, run_id: int) -> dict[str, Any]:
    return {
        "source": source, "window_id": run_id, "run_id": run_id, "last_record_id": "record-9", "position": 9,
        "sequence": 1, "total": 20, "complete": False, "updated_at": START,
    }  # fmt: skip


async def test_checkpoints(graph: Graph) -> None:
    await write_run(graph.database)
    await write(graph.database, tables.checkpoints, [checkpoint("coingecko", 1)])
    answer = await graph.ask(
        """{ checkpoints { id source lastRecordId position total complete updatedAt run { id } }
             here: checkpoint(source: "coingecko") { id } none: checkpoint(source: "csv") { id }
             unknown: checkpoint(source: "a\\u0000") { id } }"""
    )
    expected = {
        "id": ids.encode("Checkpoint", "coingecko"), "source": "coingecko", "lastRecordId": "record-9", "position": 9,
        "total": 20, "complete": False, "updatedAt": "2025-01-20T10:36:06.480000Z",
        "run": {"id": ids.encode("Run", 1)},
    }  # fmt: skip
    assert answer["checkpoints"] == [expected]
    assert (answer["here"], answer["none"], answer["unknown"]) == ({"id": expected["id"]}, None, None)


SOURCES = """
{ sources { id name enabled paused schedule nextRunAt lastRun { id } activeRun { id } checkpoint { position }
            assetCount dataAgeSeconds circuit retryAt } }
"""


async def test_sources(graph: Graph) -> None:
    await write_assets(graph.database, asset(1, last_updated=START), asset(2))
    await write_run(graph.database, 2, status="running")
    await write(graph.database, tables.checkpoints, [checkpoint("coingecko", 1)])
    await write(graph.database, tables.sources, [{"source": "csv", "paused_at": START}])
    breaker = {"source": "coingecko", "state": "half_open", "failures": 5, "retry_at": START, "updated_at": START}
    await write(graph.database, tables.circuits, [breaker])
    coingecko, csv = (await graph.ask(SOURCES))["sources"]
    assert coingecko.pop("dataAgeSeconds") > 0
    assert coingecko == {
        "id": ids.encode("Source", "coingecko"), "name": "coingecko", "enabled": True, "paused": False,
        "schedule": "*/5 * * * *", "nextRunAt": "2025-01-21T00:00:00Z", "lastRun": {"id": ids.encode("Run", 2)},
        "activeRun": {"id": ids.encode("Run", 2)}, "checkpoint": {"position": 9}, "assetCount": 2,
        "circuit": "HALF_OPEN", "retryAt": "2025-01-20T10:36:06.480000Z",
    }  # fmt: skip
    assert csv == {
        "id": ids.encode("Source", "csv"), "name": "csv", "enabled": False, "paused": True, "schedule": None,
        "nextRunAt": None, "lastRun": None, "activeRun": None, "checkpoint": None, "assetCount": 0,
        "dataAgeSeconds": None, "circuit": "CLOSED", "retryAt": None,
    }  # fmt: skip
    one = await graph.ask('{ source(name: "csv") { name } none: source(name: "CSV") { name } }')
    assert one == {"source": {"name": "csv"}, "none": None}


async def test_a_paused_source_is_not_due(graph: Graph) -> None:
    query = '{ source(name: "coingecko") { nextRunAt paused } }'
    assert await graph.ask(query) == {"source": {"nextRunAt": "2025-01-21T00:00:00Z", "paused": False}}
    await write(graph.database, tables.sources, [{"source": "coingecko", "paused_at": START}])
    assert await graph.ask(query) == {"source": {"nextRunAt": None, "paused": True}}


async def test_totals(graph: Graph) -> None:
    query = """{ stats { assetCount rawCount runCount succeeded failed recordsProcessed lastSuccessAt lastFailureAt
                         sources { name } } }"""
    empty = (await graph.ask(query))["stats"]
    assert empty == {
        "assetCount": 0, "rawCount": 0, "runCount": 0, "succeeded": 0, "failed": 0, "recordsProcessed": 0,
        "lastSuccessAt": None, "lastFailureAt": None, "sources": [{"name": "coingecko"}, {"name": "csv"}],
    }  # fmt: skip
    await write_assets(graph.database, asset(1), asset(2, source="csv"))
    await write(graph.database, tables.raw_assets, [raw(1, "{}"), raw(2, "{}"), raw(3, "{}")])
    later = START + timedelta(hours=1)
    await write_run(graph.database, 2, records_processed=2**31, source="csv", run_finished_at=later)
    await write_run(graph.database, 3, status="failed", run_finished_at=START)
    await write_run(graph.database, 4, status="abandoned", run_finished_at=later, source="csv")
    await write_run(graph.database, 5, status="interrupted", run_finished_at=later)
    totals = (await graph.ask(query))["stats"]
    assert (totals["assetCount"], totals["rawCount"], totals["runCount"]) == (2, 3, 5)
    assert (totals["succeeded"], totals["failed"], totals["recordsProcessed"]) == (2, 2, 2**31 - 1)
    assert totals["lastSuccessAt"] == totals["lastFailureAt"] == "2025-01-20T11:36:06.480000Z"
    assert await graph.count_statements(query) <= 3


async def test_health(graph: Graph) -> None:
    answer = await graph.ask("{ health { status database schedulerRunning version reasons } }")
    assert answer["health"] == {
        "status": "DEGRADED", "database": True, "schedulerRunning": False, "version": "1.2.3",
        "reasons": ["the scheduler is not running"],
    }  # fmt: skip

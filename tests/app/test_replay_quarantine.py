"""replayQuarantine: all that waits, or certain records; nothing is recorded for records that aren't there."""

from typing import Any

import httpx
import pytest

from db import runs
from db.engine import Database
from db.enums import RunMode, RunTrigger
from db.runs import Run
from etl.runner import Runner
from graphql_schema import ids
from tests.app.serving import served
from tests.app.test_pause import pause, query
from tests.etl.test_replay import Lenient
from tests.fakes import MemorySource, row

BAD = [f'{{"id":"odd-{n}","symbol":"O","name":"Odd","price":"7"}}'.encode() for n in range(4)]
PAGE = [row(f"coin-{n}") for n in range(40)] + BAD
REPLAY = """
mutation ($source: String, $ids: [ID!]) {
  replayQuarantine(source: $source, ids: $ids) {
    started { id source mode } alreadyActive { id } errors { code message path }
  }
}
"""
WAITING = "{ quarantine(replayed: false, source: %s) { nodes { id externalId } } }"


async def send(client: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    answer = (await client.post("/graphql", json={"query": document, "variables": variables})).json()
    assert "errors" not in answer
    [data] = answer["data"].values()
    return data


async def ingest(database: Database, source: str = "csv") -> None:
    """Fill the quarantine with four records."""
    memory = MemorySource([PAGE], source)
    await Runner(database, {source: memory}, batch_size=10).run_now(source, RunMode.INCREMENTAL, RunTrigger.CLI)


async def work(database: Database) -> list[Run]:
    """Carry out what is queued, as a dispatcher would."""
    async with database.read() as connection:
        queued, _ = await runs.waiting(connection)
    sources = {run.source: Replayed([], run.source) for run in queued}
    ended = [await Runner(database, {**sources}, batch_size=10).run_queued(run) for run in queued]
    return [run for run in ended if run is not None]


class Replayed(Lenient):
    """The source after a fix, and without an upstream."""

    def parse(self, record: Any) -> Any:
        if record.external_id is not None and record.external_id.startswith("odd-"):
            return MemorySource.parse(self, type(record)(record.key, record.external_id, row(record.external_id)))
        return super().parse(record)


async def waiting(client: httpx.AsyncClient, source: str = "csv") -> dict[str, str]:
    """Global ids of what waits, by external id."""
    found = await send(client, WAITING % f'"{source}"')
    return {node["externalId"]: node["id"] for node in found["nodes"]}


def codes(answer: Any) -> list[str]:
    assert answer["started"] == answer["alreadyActive"] == []
    return [error["code"] for error in answer["errors"]]


async def test_only_the_chosen_records_are_replayed(database: Database) -> None:
    await ingest(database)
    async with served(database) as client:
        held = await waiting(client)
        answer = await send(client, REPLAY, ids=[held["odd-1"], held["odd-3"], held["odd-1"]])
        assert [(run["source"], run["mode"]) for run in answer["started"]] == [("csv", "REPLAY")]
        [done] = await work(database)
        assert (done.records_processed, done.inserted, done.total) == (2, 2, 2)
        assert sorted(await waiting(client)) == ["odd-0", "odd-2"]
        replayed = await send(client, "{ quarantine(replayed: true) { nodes { externalId replayRun { id } } } }")
        run_id = ids.encode("Run", done.id)
        assert replayed["nodes"] == [{"externalId": f"odd-{n}", "replayRun": {"id": run_id}} for n in (3, 1)]


async def test_all_that_waits_in_a_source(database: Database) -> None:
    await ingest(database)
    async with served(database) as client:
        await send(client, REPLAY, source="csv")
        [done] = await work(database)
        assert (done.inserted, await waiting(client)) == (4, {})


async def test_without_arguments_only_sources_with_something_to_replay_are_run(database: Database) -> None:
    async with served(database) as client:
        assert codes(await send(client, REPLAY)) == []
        await ingest(database)
        await ingest(database, "coinpaprika")
        started = (await send(client, REPLAY))["started"]
        assert [run["source"] for run in started] == ["coinpaprika", "csv"]


async def test_records_of_several_sources(database: Database) -> None:
    await ingest(database)
    await ingest(database, "coinpaprika")
    async with served(database) as client:
        chosen = [(await waiting(client, source))["odd-2"] for source in ("csv", "coinpaprika")]
        answer = await send(client, REPLAY, ids=chosen)
        assert [run["source"] for run in answer["started"]] == ["coinpaprika", "csv"]
        assert [run.inserted for run in await work(database)] == [1, 1]


async def test_ids_that_are_not_there_are_named_and_nothing_is_started(database: Database) -> None:
    await ingest(database)
    async with served(database) as client:
        good = (await waiting(client))["odd-0"]
        unknown = [ids.encode("QuarantinedRecord", 99), "junk", ids.encode("Run", 1), "\0", "x" * 5000]
        answer = await send(client, REPLAY, ids=[good, *unknown])
        assert codes(answer) == ["UNKNOWN_RECORD"]
        [error] = answer["errors"]
        assert error["path"] == ["ids"]
        assert f"not in the quarantine: {unknown[0]}, junk, {unknown[2]}, " in error["message"]
        assert good not in error["message"]
        assert len(error["message"]) < 400
        assert codes(await send(client, REPLAY, source="coingecko", ids=[good])) == ["UNKNOWN_RECORD"]
        assert await query(database, "SELECT count(*) FROM etl_runs") == [(1,)]


async def test_a_record_is_replayed_once(database: Database) -> None:
    await ingest(database)
    async with served(database) as client:
        held = await waiting(client)
        await send(client, REPLAY, ids=[held["odd-0"]])
        await work(database)
        answer = await send(client, REPLAY, ids=[held["odd-0"], held["odd-1"], "junk"])
        assert codes(answer) == ["UNKNOWN_RECORD", "ALREADY_REPLAYED"]
        assert answer["errors"][1]["message"] == f"accepted by an earlier replay: {held['odd-0']}"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ids": []}, "NO_IDS"),
        ({"ids": [ids.encode("QuarantinedRecord", n) for n in range(1, 1002)]}, "TOO_MANY_IDS"),
        ({"ids": [ids.encode("QuarantinedRecord", n) for n in range(1, 1001)]}, "UNKNOWN_RECORD"),
        ({"source": "kraken", "ids": ["junk"]}, "UNKNOWN_SOURCE"),
        ({"source": ""}, "UNKNOWN_SOURCE"),
        ({"source": "coingecko"}, "SOURCE_DISABLED"),
    ],
)
async def test_what_can_not_be_asked(database: Database, given: dict[str, Any], code: str) -> None:
    async with served(database, etl_sources=("csv",)) as client:
        assert codes(await send(client, REPLAY, **given)) == [code]


async def test_a_disabled_or_paused_source_is_left_alone(database: Database) -> None:
    await ingest(database)
    async with served(database, etl_sources=("coingecko",)) as client:
        chosen = [(await waiting(client))["odd-0"]]
        assert codes(await send(client, REPLAY, ids=chosen)) == ["SOURCE_DISABLED"]
        assert codes(await send(client, REPLAY)) == []
    async with served(database) as client:
        await pause(client)
        for given in ({"ids": chosen}, {"source": "csv"}, {}):
            assert codes(await send(client, REPLAY, **given)) == ["SOURCE_PAUSED"]


async def test_a_run_that_has_not_begun_takes_on_what_is_asked(database: Database) -> None:
    await ingest(database)
    async with served(database) as client:
        held = await waiting(client)
        first = await send(client, REPLAY, ids=[held["odd-0"]])
        second = await send(client, REPLAY, ids=[held["odd-2"], held["odd-0"]])
        assert second["alreadyActive"] == [{"id": first["started"][0]["id"]}]
        [done] = await work(database)
        assert done.inserted == 2
        await send(client, REPLAY, ids=[held["odd-1"]])
        await send(client, REPLAY, source="csv")  # all of them contains the one
        [done] = await work(database)
        assert (done.inserted, await waiting(client)) == (2, {})


async def test_a_running_run_does_not(database: Database) -> None:
    await ingest(database)
    async with served(database) as client:
        held = await waiting(client)
        await send(client, REPLAY, ids=[held["odd-0"]])
        async with database.read() as connection:
            [queued], _ = await runs.waiting(connection)
        runner = Runner(database, {"csv": Replayed([])}, batch_size=10)
        acquired = await runner._acquire_queued(queued)
        assert acquired is not None
        answer = await send(client, REPLAY, ids=[held["odd-1"]])
        assert (answer["started"], len(answer["alreadyActive"])) == ([], 1)
        await runner._carry_out(acquired)
        assert sorted(await waiting(client)) == ["odd-1", "odd-2", "odd-3"]

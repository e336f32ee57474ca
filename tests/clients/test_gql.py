"""Python's `gql`, over HTTP and over WebSocket, against a real server."""

import asyncio
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from db import runs
from db.engine import Database
from db.enums import RunMode, RunTrigger
from etl.runner import Runner
from tests.app.live import Live, eventually, live
from tests.app.serving import only_sqlite
from tests.fakes import MemorySource, row

pytestmark = only_sqlite
TOKEN = "correct-horse"
TRIGGER = gql('mutation { triggerEtl(source: "csv") { started { id source } errors { code } } }')
PROGRESS = gql("subscription ($id: ID!) { runProgress(runId: $id) { status recordsProcessed } }")


def over_http(server: Live, **headers: str) -> Client:
    return Client(transport=HTTPXAsyncTransport(url=server.http, headers=headers), fetch_schema_from_transport=True)


def over_websocket(server: Live, **payload: Any) -> Client:
    transport = WebsocketsTransport(url=server.url, init_payload=payload, subprotocols=["graphql-transport-ws"])
    return Client(transport=transport, fetch_schema_from_transport=True)


async def carry_out(database: Database) -> runs.Run:
    runner = Runner(database, {"csv": MemorySource([[row(f"coin-{n}") for n in range(6)]])}, batch_size=2)
    return await runner.run_now("csv", RunMode.INCREMENTAL, RunTrigger.MANUAL)


@pytest.mark.parametrize("client_of", [over_http, over_websocket])
async def test_documents_fit_the_schema_it_fetches(database: Database, client_of: Any) -> None:
    await carry_out(database)
    async with live(database, api_token=TOKEN) as server:
        async with client_of(server, Authorization=f"Bearer {TOKEN}") as session:
            query = gql("query ($n: Int) { assets(first: $n) { nodes { symbol lastRun { status } } totalCount } }")
            query.variable_values = {"n": 1}
            found = (await session.execute(query))["assets"]
            assert (len(found["nodes"]), found["totalCount"]) == (1, 6)
            assert (await session.execute(TRIGGER))["triggerEtl"]["started"][0]["source"] == "csv"
        async with client_of(server) as session:
            with pytest.raises(TransportQueryError) as refused:
                await session.execute(TRIGGER)
            assert [error["extensions"]["code"] for error in refused.value.errors or ()] == ["UNAUTHENTICATED"]


async def test_progress_from_trigger_to_end(database: Database) -> None:
    async with live(database) as server, over_websocket(server) as session:
        started = (await session.execute(TRIGGER))["triggerEtl"]["started"][0]
        PROGRESS.variable_values = {"id": started["id"]}
        states = []
        async for told in session.subscribe(PROGRESS):
            states.append(told["runProgress"])
            if len(states) == 1:
                await carry_out(database)
    assert states[0] == {"status": "QUEUED", "recordsProcessed": 0}
    assert states[-1] == {"status": "SUCCESS", "recordsProcessed": 6}


async def test_events_are_followed_across_sessions(database: Database) -> None:
    async with live(database) as server:
        kinds: list[str] = []
        following = asyncio.create_task(follow(server, kinds, None, 3))
        await eventually(lambda: server.services.feed.followers == 1)
        await carry_out(database)
        cursor = await following
        await follow(server, kinds, cursor, 5)
    assert kinds == ["QUEUED", "STARTED", "PAGE_STAGED", "PLANNED", *["BATCH_LOADED"] * 3, "ENDED"]


async def follow(server: Live, kinds: list[str], after: str | None, count: int) -> str:
    """Follow for this many events; returns the last one's cursor."""
    query = gql("subscription ($after: String) { runEvents(after: $after) { cursor kind } }")
    query.variable_values = {"after": after}
    cursor = ""
    async with over_websocket(server) as session:
        events = session.subscribe(query)
        for _ in range(count):
            told = (await anext(events))["runEvents"]
            kinds.append(told["kind"])
            cursor = told["cursor"]
        await events.aclose()
    return cursor

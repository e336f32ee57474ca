"""Clients that never finish what they say: they are sent away, and everybody else is answered meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import connections
from app.connections import Owed
from app.server import configured, listen
from db.engine import Database
from db.turns import give_way
from tests.app.live import Live, eventually, live
from tests.app.serving import only_sqlite, settings_of

pytestmark = only_sqlite
PATIENCE_SECONDS = 20.0
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(server: Live, begin: bytes = b"") -> AsyncIterator[Streams]:
    host, port = server.host.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(begin)
        yield reader, writer
    finally:
        writer.close()


async def trickle(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.1)


@asynccontextmanager
async def served(answer: ASGIApp, database: Database) -> AsyncIterator[str]:
    """Another application, served as ours is."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
        else:
            await answer(scope, receive, send)

    listening = listen("127.0.0.1", 0)
    with configured(app, settings_of(database)) as config:
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve(sockets=[listening]))
        try:
            await eventually(lambda: server.started)
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await asyncio.wait_for(serving, PATIENCE_SECONDS)


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Everything up to the end of the connection."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await reader.read()


@pytest.mark.parametrize("begin", [b"", b"GET /livez HTTP/1.1\r\nHost: x", b"GET /livez HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_never_ends(database: Database, monkeypatch: pytest.MonkeyPatch, begin: bytes) -> None:
    monkeypatch.setitem(connections.SECONDS, Owed.HEAD, 0.2)
    async with live(database) as server, connected(server, begin) as (reader, _):
        assert (await heard(reader)).startswith(b"HTTP/1.1 408 ")


async def test_nor_may_the_second_one_take_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.SECONDS, Owed.HEAD, 0.3)
    async with live(database) as server, connected(server) as (reader, writer):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP/1.1\r\n")
        said = await heard(reader)
        assert said.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 408 " in said


@pytest.mark.parametrize("part", [b"X-Header: x\r\n", b"a" * 100])
async def test_a_head_without_measure(database: Database, part: bytes) -> None:
    begin = b"GET /livez HTTP/1.1\r\n" if part.startswith(b"X-") else b"GET /"
    async with live(database) as server, connected(server, begin) as (reader, writer):
        writer.write(part * (connections.LARGEST_HEAD_BYTES // len(part) + 1))
        assert (await heard(reader)).startswith(b"HTTP/1.1 431 ")


async def test_large_bodies_are_no_heads(database: Database) -> None:
    query = '{"query": "{ __typename } #' + "x" * 90_000 + '"}'
    async with live(database) as server, httpx.AsyncClient() as client:
        for _ in range(3):
            answer = await client.post(server.http, content=query, headers={"Content-Type": "application/json"})
            assert answer.json()["data"] == {"__typename": "Query"}


async def test_a_body_that_never_ends(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.SECONDS, Owed.BODY, 0.2)
    begin = (
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    )
    async with live(database) as server, connected(server, begin) as (reader, _):
        assert (await heard(reader)).startswith(b"HTTP/1.1 408 ")


async def test_of_too_many_the_oldest_makes_room(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 20)
    async with live(database) as server:
        silent = [await asyncio.open_connection(*server.host.split(":")) for _ in range(60)]
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://{server.host}/livez", timeout=PATIENCE_SECONDS)).status_code == 200
        assert (await heard(silent[0][0])).startswith(b"HTTP/1.1 408 ")
        assert not silent[-1][0].at_eof()
        for _, writer in silent:
            writer.close()


async def test_room_is_not_made_at_the_cost_of_those_who_wait_for_the_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 1)
    asked, answer = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await answer.wait()
        await Response("here")(scope, receive, send)

    async with served(app, database) as host, httpx.AsyncClient(base_url=f"http://{host}") as client:
        busy = asyncio.create_task(client.get("/"))
        await asked.wait()
        refused = await client.get("/")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        answer.set()
        assert (await busy).text == "here"


async def test_a_body_nobody_reads_must_end_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.SECONDS, Owed.BODY, 0.2)
    begin = b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
    async with live(database) as server, connected(server, begin) as (reader, writer), asyncio.TaskGroup() as both:
        trickling = both.create_task(trickle(writer))
        said = await heard(reader)
        trickling.cancel()
        assert said.startswith(b"HTTP/1.1 200 ")
        assert b" 408 " not in said


# ---- answers nobody takes: far more than fits between the server and the client
ANSWER = b"x" * 16_000_000


@asynccontextmanager
async def asking(database: Database) -> AsyncIterator[Streams]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(ANSWER)(scope, receive, send)

    async with served(app, database) as host:
        reader, writer = await asyncio.open_connection(*host.split(":"), limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


async def test_an_answer_that_is_not_taken(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.SECONDS, Owed.TAKING, 0.2)
    async with asking(database) as (reader, _):
        await asyncio.sleep(1)
        assert len(await heard(reader)) < len(ANSWER)


async def test_an_answer_that_is_taken_slowly(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.SECONDS, Owed.TAKING, 0.2)
    monkeypatch.setattr(connections, "LEAST_TAKEN_BYTES", 0)
    async with asking(database) as (reader, _):
        await asyncio.sleep(1)
        assert (await heard(reader)).endswith(ANSWER)


async def test_answers_that_are_not_taken_may_not_fill_the_memory(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_UNTAKEN_BYTES", 1_000_000)
    async with asking(database) as (reader, _):
        await asyncio.sleep(1)
        assert len(await heard(reader)) < len(ANSWER)


async def test_work_in_the_background_knows_of_those_who_wait_for_an_answer(database: Database) -> None:
    leave = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await leave.wait()
        await Response("done")(scope, receive, send)

    async with served(slow, database) as host, httpx.AsyncClient(base_url=f"http://{host}") as client:
        await client.get("/quick")
        assert give_way.waiting() == 0
        asked = [asyncio.create_task(client.get("/slow")) for _ in range(3)]
        await eventually(lambda: give_way.waiting() == 3)
        leave.set()
        await asyncio.gather(*asked)
        assert give_way.waiting() == 0

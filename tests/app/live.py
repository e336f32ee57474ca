"""The application behind a real server on this machine, and clients that speak graphql-transport-ws to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.main import create_app
from app.server import configured, listen
from app.services import Services
from db.engine import Database
from tests.app.serving import services_of, settings_of

PATIENCE_SECONDS = 10.0
TRANSPORT_WS = "graphql-transport-ws"


@dataclass(frozen=True)
class Live:
    """A running server: where it is, what it holds, and itself."""

    host: str
    services: Services
    server: uvicorn.Server

    @property
    def url(self) -> str:
        return f"ws://{self.host}/graphql"

    @property
    def http(self) -> str:
        return f"http://{self.host}/graphql"


@contextlib.asynccontextmanager
async def live(database: Database, **values: Any) -> AsyncIterator[Live]:
    """A server in this event loop; `values` are settings. It is stopped as SIGTERM does, and nothing is left of it."""
    held: list[Services] = []

    @contextlib.asynccontextmanager
    async def services(settings: Any) -> AsyncIterator[Services]:
        async with services_of(database)(settings) as opened:
            held.append(opened)
            yield opened

    before = asyncio.all_tasks()
    settings = settings_of(database, **values)
    listening = listen("127.0.0.1", 0)
    with configured(create_app(settings, services), settings) as config:
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve(sockets=[listening]))
        try:
            await eventually(lambda: server.started)
            yield Live(f"127.0.0.1:{listening.getsockname()[1]}", held[0], server)
        finally:
            server.should_exit = True
            await asyncio.wait_for(serving, PATIENCE_SECONDS)
    await eventually(lambda: asyncio.all_tasks() <= before)


class Talk:
    """One connection, spoken to in messages."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, type_: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": type_, **fields}))

    async def ask(self, id_: str, query: str, **variables: Any) -> None:
        await self.say("subscribe", id=id_, payload={"query": query, "variables": variables})

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.connection.recv(), PATIENCE_SECONDS))
        return message

    async def next(self, id_: str = "1") -> Any:
        """The data of the next result."""
        message = await self.hear()
        assert (message["type"], message.get("id")) == ("next", id_), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def closed(self) -> tuple[int | None, str]:
        """Whatever still comes is read; the code and the reason of the end."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.wait_for(self.connection.recv(), PATIENCE_SECONDS)
        return self.connection.close_code, self.connection.close_reason or ""


@contextlib.asynccontextmanager
async def dialled(url: str, subprotocols: Sequence[str] = (TRANSPORT_WS,), **options: Any) -> AsyncIterator[Talk]:
    """A connection that has not said anything yet."""
    spoken = [Subprotocol(name) for name in subprotocols]
    # With a limit, a client that has not taken everything would wait long for the end it asked for.
    async with connect(url, subprotocols=spoken or None, proxy=None, max_queue=None, **options) as connection:
        yield Talk(connection)


@contextlib.asynccontextmanager
async def talking(url: str, payload: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[Talk]:
    """An initialised connection."""
    async with dialled(url, **options) as talk:
        await talk.say("connection_init", **({} if payload is None else {"payload": payload}))
        assert await talk.hear() == {"type": "connection_ack"}
        yield talk


async def eventually(condition: Any) -> None:
    """Wait until `condition()` holds; fail after PATIENCE_SECONDS."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  conditions of several kinds
            await asyncio.sleep(0.01)

"""One connection's life: initialised in time, then any number of operations side by side, each a task of its own.

Nothing is kept for a client beyond what is on its way: an operation waits until its last message was taken before it
goes on, and a client that takes nothing for SEND_SECONDS is dropped. Operations are never cancelled, since that would
stop mutations half-way; when the client does not want them any more they are told, and the connection ends after them.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from app.config import Settings
from app.web.ws import limits, messages
from app.web.ws.messages import Closing, Complete, Init, Message, Ping, Pong, Request, Subscribe
from graphql_schema.run_feed import Leaving

Results = AsyncGenerator[ExecutionResult, None]
# Carries out a request for a client that introduced itself with these parameters, until it is leaving.
Execute = Callable[[Request, Mapping[str, Any], Leaving], Results]


class Connection:
    """A connection whose handshake is done."""

    def __init__(self, socket: WebSocket, execute: Execute, settings: Settings) -> None:
        self._socket = socket
        self._settings = settings
        self._execute = execute
        self._parameters: Mapping[str, Any] = {}
        self._wanted: dict[str, Leaving] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Until the client leaves. Raises Closing when it has to be sent away, WebSocketDisconnect when it is gone."""
        self._parameters = await self._initialised()
        await self._send(messages.ack())
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait({reading, self._broken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            for leaving in self._wanted.values():
                leaving.set_result(None)
            await asyncio.wait({reading, *self._tasks})
        for ended in (self._broken, reading):
            if ended.done() and not ended.cancelled():
                ended.result()

    async def _initialised(self) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(self._settings.ws_init_timeout_seconds):
                async for message in self._received():
                    match message:
                        case Init(payload):
                            return payload or {}
                        case Ping():
                            await self._send(messages.pong())
                        case Subscribe() | Complete():
                            raise Closing(messages.NOT_INITIALISED, "Unauthorized: send connection_init first")
        except TimeoutError:
            raise Closing(messages.INIT_TOO_LATE, "Connection initialisation timeout") from None
        raise WebSocketDisconnect

    async def _read(self) -> None:
        async for message in self._received():
            match message:
                case Init():
                    raise Closing(messages.INIT_TWICE, "Too many initialisation requests")
                case Ping():
                    await self._send(messages.pong())
                case Pong():
                    pass
                case Complete(id=operation):
                    if operation in self._wanted:
                        self._wanted.pop(operation).set_result(None)
                case Subscribe(id=operation, payload=request):
                    await self._subscribe(operation, request)

    async def _subscribe(self, operation: str, request: Request) -> None:
        if operation in self._wanted:
            raise Closing(messages.ID_IN_USE, f"Subscriber for {operation} already exists")
        if len(self._tasks) >= self._settings.ws_max_operations:
            await self._send(messages.error(operation, [_too_many(self._settings.ws_max_operations)]))
            return
        leaving: Leaving = asyncio.get_running_loop().create_future()
        self._wanted[operation] = leaving
        task = asyncio.create_task(self._carry_out(operation, request, leaving))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _carry_out(self, operation: str, request: Request, leaving: Leaving) -> None:
        last = messages.complete(operation)
        async with aclosing(self._execute(request, self._parameters, leaving)) as results:
            async for result in results:
                if isinstance(result, PreExecutionError):
                    last = messages.error(operation, result.errors or [])
                elif not leaving.done():
                    await self._send(messages.next_result(operation, result))
        if not leaving.done():
            # Before the client reads it: the id is free from then on.
            del self._wanted[operation]
            await self._send(last)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None and not self._broken.done():
            self._broken.set_exception(problem)

    async def _received(self) -> AsyncIterator[Message]:
        """What the client sends, until it leaves. Raises Closing."""
        while (event := await self._socket.receive())["type"] == "websocket.receive":
            text = event.get("text")
            if text is None:
                raise Closing(messages.BAD_REQUEST, "Invalid message: send text, not binary data")
            yield messages.read(text)

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(limits.SEND_SECONDS):
                await self._socket.send_text(text)
        except TimeoutError:
            raise Closing(messages.TRY_AGAIN_LATER, "Too slow: what was sent is not being read") from None


def _too_many(most: int) -> GraphQLError:
    message = f"at most {most} operations at the same time"
    return GraphQLError(message, extensions={"code": "TOO_MANY_OPERATIONS"})

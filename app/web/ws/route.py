"""The WebSocket side of /graphql: who may connect, and how a connection begins and ends."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import structlog
from graphql import GraphQLError
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.types.execution import PreExecutionError

from app.config import Settings
from app.web.contexts import Contexts
from app.web.errors import problem
from app.web.gates import NOT_A_READER, Origins
from app.web.ws import messages
from app.web.ws.connection import Connection, Results
from app.web.ws.messages import Closing, Request
from graphql_schema.run_feed import Leaving
from graphql_schema.schema import Schema

RETRY_AFTER_SECONDS = 5
_log = structlog.get_logger()


class GraphQLSocket:
    """An ASGI application for WebSockets."""

    def __init__(self, schema: Schema, settings: Settings, contexts: Contexts) -> None:
        self._schema = schema
        self._settings = settings
        self._contexts = contexts
        self._origins = Origins(settings)
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        if not self._origins.may_use(socket.headers):
            refusal = problem(403, "Pages of this origin may not connect; see CORS_ORIGINS.", code="ORIGIN_REFUSED")
            await socket.send_denial_response(refusal)
        elif self._open >= self._settings.ws_max_connections:
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            refusal = problem(503, "Too many connections.", code="TOO_MANY_CONNECTIONS", headers=headers)
            await socket.send_denial_response(refusal)
        else:
            self._open += 1
            try:
                with structlog.contextvars.bound_contextvars(request_id=uuid.uuid4().hex):
                    await self._serve(socket)
            finally:
                self._open -= 1

    async def _serve(self, socket: WebSocket) -> None:
        began = time.perf_counter()
        _log.info("ws.opened")
        code, reason = await self._until_it_ends(socket)
        _log.info("ws.closed", code=code, reason=reason, seconds=round(time.perf_counter() - began, 2))

    async def _until_it_ends(self, socket: WebSocket) -> tuple[int | None, str]:
        """Serve a connection; returns what we closed it with, None when the client left."""
        try:
            await self._accept(socket)
            await Connection(socket, lambda *asked: self._execute(socket, *asked), self._settings).serve()
        except WebSocketDisconnect:
            pass
        except Closing as closing:
            await _close(socket, closing.code, closing.reason)
            return closing.code, closing.reason
        except Exception:
            _log.exception("ws.unexpected_error")
            await _close(socket, messages.OUR_FAULT, "Internal error")
            return messages.OUR_FAULT, "Internal error"
        return None, ""

    async def _accept(self, socket: WebSocket) -> None:
        if messages.PROTOCOL not in socket.scope["subprotocols"]:
            await socket.accept()
            raise Closing(messages.WRONG_SUBPROTOCOL, f"Subprotocol not acceptable: speak {messages.PROTOCOL}")
        await socket.accept(messages.PROTOCOL)

    async def _execute(
        self, socket: WebSocket, request: Request, parameters: Mapping[str, Any], leaving: Leaving
    ) -> Results:
        context = self._contexts.of(socket, authorization=_authorization(parameters), leaving=leaving)
        if not context.caller.may_read:
            yield PreExecutionError(data=None, errors=[_not_a_reader()])
            return
        results = self._schema.results(request.query, context, request.variables, request.operation_name)
        async with aclosing(results):
            async for result in results:
                yield result


def _not_a_reader() -> GraphQLError:
    return GraphQLError(NOT_A_READER, extensions={"code": "UNAUTHENTICATED"})


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    # A client that does not read is not waited for; the server cuts the connection.
    with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(1.0):
            await socket.close(code, reason)


def _authorization(parameters: Mapping[str, Any]) -> str | None:
    """What a client showed in connection_init, as it would in the header of that name."""
    shown = [value for name, value in parameters.items() if name.lower() == "authorization"]
    return str(shown[0]) if shown else None

"""The WebSocket side of /graphql: who may connect, and how a connection begins and ends."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from app.config import Settings
from app.web.errors import problem
from app.web.permission import may_mutate
from app.web.ws import limits, messages
from app.web.ws.connection import Connection, Results
from app.web.ws.messages import Closing, Request
from graphql_schema.context import Context
from graphql_schema.run_feed import Leaving
from graphql_schema.schema import Schema

RETRY_AFTER_SECONDS = 5
_log = structlog.get_logger()


class GraphQLSocket:
    """An ASGI application for WebSockets."""

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self._schema = schema
        self._settings = settings
        self._origins = normalize_allowed_origins(settings.cors_origins)
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        if not self._may_connect(socket):
            refusal = problem(403, "Pages of this origin may not connect; see CORS_ORIGINS.", code="ORIGIN_REFUSED")
            await socket.send_denial_response(refusal)
        elif self._open >= limits.MOST_CONNECTIONS:
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

    def _may_connect(self, socket: WebSocket) -> bool:
        """Browsers let any page open a WebSocket, and name the page's site in Origin; other programs send none."""
        origin, host = socket.headers.get("origin"), socket.headers.get("host")
        if origin is None or "*" in self._origins or is_same_origin(origin, host):
            return True
        return normalize_origin(origin) in self._origins

    async def _serve(self, socket: WebSocket) -> None:
        began = time.perf_counter()
        _log.info("ws.opened")
        code, reason = await self._until_it_ends(socket)
        _log.info("ws.closed", code=code, reason=reason, seconds=round(time.perf_counter() - began, 2))

    async def _until_it_ends(self, socket: WebSocket) -> tuple[int | None, str]:
        """Serve a connection; returns what we closed it with, None when the client left."""
        try:
            await self._accept(socket)
            await Connection(socket, lambda *asked: self._execute(socket, *asked)).serve()
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

    def _execute(self, socket: WebSocket, request: Request, parameters: Mapping[str, Any], leaving: Leaving) -> Results:
        services = socket.state.services
        allowed = may_mutate(self._settings, socket, authorization=_authorization(parameters))
        context = Context.of(services.database, services.operations, services.feed, may_mutate=allowed, leaving=leaving)
        return self._schema.results(request.query, context, request.variables, request.operation_name)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    # A client that does not read is not waited for; the server cuts the connection.
    with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(1.0):
            await socket.close(code, reason)


def _authorization(parameters: Mapping[str, Any]) -> str | None:
    """What a client showed in connection_init, as it would in the header of that name."""
    shown = [value for name, value in parameters.items() if name.lower() == "authorization"]
    return str(shown[0]) if shown else None

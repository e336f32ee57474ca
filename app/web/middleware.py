"""What surrounds every request: its id, its log line, its measure, and a last net for mistakes. Pure ASGI."""

import random
import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import answer_to, internal_error, problem

REQUEST_ID = b"x-request-id"
LONGEST_LOGGED_PATH = 200
# What nginx calls a request whose client left before the answer.
CLIENT_LEFT = 499
_OF_A_BODY = ("content-length", "content-type")
# Nothing of it has to be quoted.
_USUAL_PATH = re.compile(r"[A-Za-z0-9_.~/-]*")
_WELL_FORMED_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# What is served is data, never a page that loads anything; the one page that is brings its own policy.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_DEFAULTS = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
# An id has to be another each time, not secret.
_ids = random.Random()
_log = structlog.get_logger()

# Called once a request has ended, with its scope, its status and its seconds.
Measure = Callable[[Scope, int, float], None]


class Observe:
    """Names, times, logs and measures each request; everything inside logs with its `request_id`."""

    def __init__(self, app: ASGIApp, measure: Measure, *, logs: bool = True) -> None:
        self._app = app
        self._measure = measure
        # Where nobody would see the line, it is not made.
        self._log = _log.bind() if logs else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        observed = _Observed(scope, send)
        # `bound_contextvars` would look through all there are.
        bound = structlog.contextvars.bind_contextvars(request_id=observed.request_id)
        try:
            await self._app(scope, receive, observed.send)
        finally:
            seconds = elapsed_seconds(scope)
            self._measure(scope, observed.status, seconds)
            if self._log is not None:
                self._log.info(
                    "http.request",
                    method=scope["method"][:20],
                    path=logged_path(scope),
                    status=observed.status,
                    latency_ms=round(seconds * 1000, 2),
                )
            structlog.contextvars.reset_contextvars(**bound)


class _Observed:
    """One request's answer on its way out."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.request_id = _request_id(scope)
        self.status = CLIENT_LEFT
        self._scope = scope
        self._send = send
        scope.setdefault("state", {}).update(request_id=self.request_id, started=time.perf_counter())

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ())]
            latency = elapsed_seconds(self._scope) * 1000
            headers += _defaults_beside(tuple([name for name, _ in headers]))
            headers += (REQUEST_ID, self.request_id.encode()), (b"x-api-latency-ms", b"%.2f" % latency)
            message = {**message, "headers": headers}
        elif self._scope["method"] == "HEAD" and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


class CatchMistakes:
    """Turns what a route raises into an answer; what nobody expected is logged, and its answer gives nothing away."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            # Nobody is left to answer.
            return
        except Exception as error:
            answer = None if started else answer_to(error)
            if answer is None:
                _log.exception("http.unexpected_error", method=scope["method"][:20], path=logged_path(scope))
            if started:
                # Half an answer is out; only cutting the connection tells the client.
                raise
            await (answer or internal_error())(scope, receive, send)


class Cors(CORSMiddleware):
    """CORS whose refusals look like all other errors."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        headers = {name: response.headers[name] for name in response.headers if name not in _OF_A_BODY}
        return problem(response.status_code, bytes(response.body).decode(), code="CORS_REFUSED", headers=headers)


def elapsed_seconds(scope: Scope) -> float:
    """Seconds since the request came in."""
    started: float = scope["state"]["started"]
    return time.perf_counter() - started


def logged_path(scope: Scope) -> str:
    """The path in printable ASCII, without the query: nobody writes into our log's structure."""
    path: str = scope["path"]
    return (path if _USUAL_PATH.fullmatch(path) else quote(path, errors="replace"))[:LONGEST_LOGGED_PATH]


@lru_cache(256)
def _defaults_beside(names: tuple[bytes, ...]) -> list[tuple[bytes, bytes]]:
    """What an answer with headers of these names does not say itself."""
    return [header for header in _DEFAULTS if header[0] not in names]


def _request_id(scope: Scope) -> str:
    given: list[Any] = [value for name, value in scope["headers"] if name == REQUEST_ID]
    if len(given) == 1 and _WELL_FORMED_ID.fullmatch(given[0]):
        return str(given[0], "ascii")
    return f"{_ids.getrandbits(128):032x}"

"""Who gets in at all: by the name the server is asked for, by the page that asks, and by the read token."""

import asyncio
from functools import partial, wraps

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from app.config import Settings
from app.loopback import is_loopback
from app.web.errors import problem
from app.web.head import Said, remembered, said
from app.web.permission import host_of, may_read
from app.web.state import AppRequest, Endpoint
from graphql_schema.places import Places, TooBusy

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="kasparro"'}
_HOST, _AUTHORIZATION = frozenset({b"host"}), frozenset({b"authorization"})
OF_PAGES = frozenset({b"origin", b"host", b"sec-fetch-site"})
NOT_A_READER = "this needs `Authorization: Bearer` with the read token or the API token"


class KnownHosts:
    """Answers only to the names that the server is known by.

    A server on a loopback address is for this machine. A page of another site can reach it all the same, under a name
    of its own that it lets point here (DNS rebinding), and then read what is served; Host gives that name away.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in settings.allowed_hosts)
        self._loopback = settings.serves_loopback_only
        self._any = "*" in self._names or (not self._names and not self._loopback)
        self._knows = remembered(self._judged)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or self._any or self._knows(said(scope, _HOST)):
            await self._app(scope, receive, send)
            return
        detail = "This server is not known by the name in Host; ALLOWED_HOSTS can name it."
        refusal = problem(421, detail, code="HOST_NOT_ALLOWED")
        await refusal(scope, receive, send)

    def _judged(self, headers: Said) -> bool:
        host = host_of(f"//{Headers(raw=list(headers)).get('host', '')}")
        return host in self._names or (self._loopback and is_loopback(host))


class Origins:
    """The web pages that may use the API: those of the server itself and of CORS_ORIGINS. Programs name no page."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = normalize_allowed_origins(settings.cors_origins)

    def may_use(self, headers: Headers) -> bool:
        """Browsers name the page's site in Origin, unless they say that it is ours."""
        origin, host = headers.get("origin"), headers.get("host")
        if origin is None:
            return headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
        if "*" in self._allowed or is_same_origin(origin, host):
            return True
        return normalize_origin(origin) in self._allowed


def for_readers(settings: Settings, endpoint: Endpoint) -> Endpoint:
    """The endpoint, for those who may read."""
    admits = remembered(partial(may_read, settings))

    @wraps(endpoint)
    async def guarded(request: AppRequest) -> Response:
        if not admits(said(request.scope, _AUTHORIZATION)):
            return problem(401, f"{NOT_A_READER[0].upper()}{NOT_A_READER[1:]}.", headers=CHALLENGE)
        return await endpoint(request)

    return guarded


def for_few(places: Places, endpoint: Endpoint) -> Endpoint:
    """The endpoint, for so many at a time; more wait, and those beyond are told to come again, at once.

    Work for everybody at the same time would serve nobody in time, least of all the monitors.
    What an answer still reads while it is sent is its own to find places for.
    """

    @wraps(endpoint)
    async def admitted(request: AppRequest) -> Response:
        try:
            async with places.taken(dear=False):
                # An answer that waits for nothing would be given before the next request is even looked at,
                # so that all places look free, and nobody else has a turn until the last of a crowd is served.
                await asyncio.sleep(0)
                return await endpoint(request)
        except TooBusy as refusal:
            return problem(503, f"{refusal.message.capitalize()}.", code="TOO_BUSY", headers={"Retry-After": "1"})

    return admitted

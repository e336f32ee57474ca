"""The endpoints of both upstreams: from a request to a good answer or an honest error."""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from . import errors
from .coinpaprika import PLATFORMS
from .content import Content
from .messages import COINGECKO, COINPAPRIKA, Answer, Body, Request
from .selection import MarketsQuery, View

_COINGECKO_HEADERS: Final = {
    "content-type": "application/json; charset=utf-8",
    "vary": "Accept-Encoding, Origin",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "link, per-page, total",
}
_COINPAPRIKA_HEADERS: Final = {
    "content-type": "application/json; charset=UTF-8",
    "cache-control": "public, max-age=60, s-maxage=60, stale-while-revalidate=10, stale-if-error=600",
    "vary": "Accept-Encoding, Origin",
}
_KEPT_BYTES: Final = 256_000_000
"""Bodies are kept up to this size in all, so that a benchmark measures the client and not this server."""


class Endpoints:
    """Answers requests out of a content, and remembers what it wrote."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._bodies: OrderedDict[object, Body | None] = OrderedDict()
        self._bytes = 0

    def answer(self, request: Request, view: View, moment: datetime) -> Answer:
        """What the upstream answers when nothing is wrong with it."""
        if request.method != "GET":
            return errors.flat(405, "Method not allowed")
        if request.is_coingecko:
            return self._coingecko(request, view, moment)
        return self._coinpaprika(request, view, moment)

    def _coingecko(self, request: Request, view: View, moment: datetime) -> Answer:
        match request.path.removeprefix(COINGECKO):
            case "/ping":
                return _coingecko_ok(Body(b'{"gecko_says":"(V3) To the Moon!"}'), 30)
            case "/coins/markets":
                return self._markets(request, view, moment)
            case "/coins/list":
                platforms = request.query.get("include_platform") == "true"
                body = self._kept(self._content.coins_list, view, moment, platforms=platforms)
                return _coingecko_ok(body, 300)
        return errors.UNKNOWN_PATH

    def _markets(self, request: Request, view: View, moment: datetime) -> Answer:
        currency = request.query.get("vs_currency")
        if currency != "usd":
            return errors.INVALID_CURRENCY if currency else errors.MISSING_CURRENCY
        query = MarketsQuery.of(request.query, request.page)
        return _coingecko_ok(self._kept(self._content.markets, query, view, moment), 30)

    def _coinpaprika(self, request: Request, view: View, moment: datetime) -> Answer:
        path = request.path.removeprefix(COINPAPRIKA)
        if path.endswith("/") and request.path.startswith(COINPAPRIKA):
            return _moved(request.path.rstrip("/"))
        match path.split("/")[1:]:
            case ["tickers"]:
                return _coinpaprika_ok(self._kept(self._content.tickers, view, moment), moment)
            case ["tickers", id_]:
                return _coinpaprika_ok(self._kept(self._content.ticker, id_, view, moment), moment)
            case ["coins"]:
                return _coinpaprika_ok(self._kept(self._content.coins, view, moment), moment)
            case ["contracts"]:
                return _coinpaprika_ok(Body(json.dumps([*PLATFORMS.values()]).encode() + b"\n"), moment)
            case ["contracts", platform] if platform in PLATFORMS.values():
                return _coinpaprika_ok(self._kept(self._content.contracts, platform, view, moment), moment)
        return errors.paprika(404, "Not found")

    def _kept(self, write: Callable[..., bytes | None], *arguments: object, **named: Any) -> Body | None:
        """The body `write` makes of the arguments, written once."""
        key = (write.__name__, arguments, *named.items())
        if key not in self._bodies:
            plain = write(*arguments, **named)
            self._bodies[key] = None if plain is None else Body(plain)
            self._bytes += len(plain or b"")
        self._bodies.move_to_end(key)
        while self._bytes > _KEPT_BYTES and len(self._bodies) > 1:
            _, oldest = self._bodies.popitem(last=False)
            self._bytes -= len(oldest.plain) if oldest else 0
        return self._bodies[key]


def _coingecko_ok(body: Body | None, fresh: int) -> Answer:
    assert body is not None
    headers: Mapping[str, str] = {
        **_COINGECKO_HEADERS,
        "cache-control": f"max-age=30, public, must-revalidate, s-maxage={fresh}",
        "etag": body.etag,
        "x-request-id": sha256(body.etag.encode()).hexdigest()[:32],
    }
    return Answer(200, body, headers)


def _coinpaprika_ok(body: Body | None, moment: datetime) -> Answer:
    if body is None:
        return errors.PAPRIKA_UNKNOWN_ID
    modified = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return Answer(200, body, {**_COINPAPRIKA_HEADERS, "last-modified": modified})


def _moved(path: str) -> Answer:
    """A slash too many: HTML and a relative Location, as Go's router answers."""
    page = f'<a href="{path}">Moved Permanently</a>.\n\n'
    return Answer(301, Body(page.encode()), {"content-type": "text/html; charset=utf-8", "location": path})

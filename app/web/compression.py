"""Compressed answers, for who takes them."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

_ASKED = b"accept-encoding"


class Compression(GZipMiddleware):
    """Goes out of the way of requests that do not ask for it: what caches may keep has its own `Vary`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = any(b"gzip" in value for name, value in scope.get("headers", ()) if name == _ASKED)
        await (super().__call__ if asks else self.app)(scope, receive, send)

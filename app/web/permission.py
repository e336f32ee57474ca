"""Who is asking, and what they may: whoever has a token or, where none is set, programs of this machine."""

import hmac
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from app.config import Settings
from app.environment import Secret
from app.loopback import is_loopback
from app.web.head import Header, Said, said
from graphql_schema.caller import Caller

# What proxies add. Behind one, every client seems to be on this machine.
_OF_PROXIES = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})
_SAYING_WHENCE = _OF_PROXIES | {b"host", b"origin"}


def caller_of(settings: Settings, connection: HTTPConnection[Any], *, authorization: str | None = None) -> Caller:
    """The caller, by what was shown in the header Authorization.

    `authorization` is what was shown elsewhere than in the header of that name, which then does not count.
    """
    shown = _authorizations(connection.scope["headers"])
    if authorization is not None:
        shown = [authorization.encode(errors="replace")]
    address = connection.client.host if connection.client else ""
    if _is_token(shown, settings.api_token):
        return Caller("api token", address, may_read=True, may_mutate=True)
    reads = _may_read(settings, shown)
    if reads and not settings.api_token and settings.serves_loopback_only and _is_of_this_machine(connection):
        return Caller("this machine", address, may_read=True, may_mutate=True)
    name = "read token" if reads and settings.api_read_token else "anyone"
    return Caller(name, address, may_read=reads, may_mutate=False)


def may_read(settings: Settings, headers: Iterable[Header]) -> bool:
    """Whether whoever sends these headers may read."""
    shown = _authorizations(headers)
    return _may_read(settings, shown) or _is_token(shown, settings.api_token)


def _may_read(settings: Settings, shown: Sequence[bytes]) -> bool:
    return settings.api_read_token is None or _is_token(shown, settings.api_read_token)


def _authorizations(headers: Iterable[Header]) -> list[bytes]:
    return [value for name, value in headers if name == b"authorization"]


def _is_token(shown: Sequence[bytes], token: Secret | None) -> bool:
    if token is None or not token.reveal() or len(shown) != 1:
        return False
    scheme, _, credentials = shown[0].partition(b" ")
    same = hmac.compare_digest(credentials.strip(), token.reveal().encode())
    return same and scheme.lower() == b"bearer"


def _is_of_this_machine(connection: HTTPConnection[Any]) -> bool:
    """Whether a program of this machine means us: no web page in its browser, no proxy on behalf of others.

    A page of another site can reach this server under a name of its own that it lets point here (DNS rebinding);
    then Host is that name. Browsers name the page's site in Origin.
    """
    return connection.client is not None and _says_so(connection.client.host, said(connection.scope, _SAYING_WHENCE))


@lru_cache(256)
def _says_so(address: str, headers: Said) -> bool:
    found = Headers(raw=list(headers))
    return (
        is_loopback(address)
        and is_loopback(host_of(f"//{found.get('host', '')}"))
        and ("origin" not in found or is_loopback(host_of(found["origin"])))
        and not any(name in _OF_PROXIES for name, _ in headers)
    )


@lru_cache(256)
def host_of(url: str) -> str:
    """The host of an address, without its port; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""

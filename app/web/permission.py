"""Who may change anything: whoever has the token or, where none is set, programs of this machine."""

import hmac
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from app.config import Settings

# What proxies add. Behind one, every client seems to be on this machine.
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def may_mutate(settings: Settings, connection: HTTPConnection, *, authorization: str | None = None) -> bool:
    """Whether the caller proved to be allowed to change things.

    `authorization` is what was shown elsewhere than in the header of that name, which then does not count.
    """
    if settings.api_token:
        shown = [value for name, value in connection.headers.raw if name == b"authorization"]
        if authorization is not None:
            shown = [authorization.encode(errors="replace")]
        return _is_token(shown, settings.api_token.get_secret_value())
    return settings.serves_loopback_only and _is_of_this_machine(connection)


def _is_token(shown: Sequence[bytes], token: str) -> bool:
    if len(shown) != 1:
        return False
    scheme, _, credentials = shown[0].partition(b" ")
    same = hmac.compare_digest(credentials.strip(), token.encode())
    return same and scheme.lower() == b"bearer"


def _is_of_this_machine(connection: HTTPConnection) -> bool:
    """Whether a program of this machine means us: no web page in its browser, no proxy on behalf of others.

    A page of another site can reach this server under a name of its own that it lets point here (DNS rebinding);
    then Host is that name. Browsers name the page's site in Origin.
    """
    client = connection.client
    headers = connection.headers
    return (
        client is not None
        and _is_loopback(client.host)
        and _is_loopback(_host_of(f"//{headers.get('host', '')}"))
        and ("origin" not in headers or _is_loopback(_host_of(headers["origin"])))
        and not any(name in headers for name in _PROXY_HEADERS)
    )


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback

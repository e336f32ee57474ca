"""GraphQL requests as they come in over HTTP, read strictly: what is no request is refused before execution."""

from collections.abc import Mapping
from email.message import Message as MimeHeaders
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope
from strawberry.http import GraphQLRequestData


class Refused(Exception):
    """A request that is not executed, with its status, a constant code and a sentence for people."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


class WholeRequest(Request[Any]):
    """A request whose body is read in one go, and only up to `most_bytes`. How long it may take: see `connections`."""

    def __init__(self, scope: Scope, receive: Receive, most_bytes: int) -> None:
        super().__init__(scope, receive)
        self._most_bytes = most_bytes
        self._whole: bytes | None = None
        self._asked: GraphQLRequestData | None = None

    async def asked(self) -> GraphQLRequestData:
        """The one operation that is asked for. Raises Refused, and ClientDisconnect."""
        if self._asked is None:
            by_get = self.scope["method"] == "GET"
            self._asked = _from_query_string(dict(self.query_params)) if by_get else _from_body(await self.body())
        return self._asked

    async def body(self) -> bytes:
        """Raises Refused where it is too large, and ClientDisconnect."""
        if self._whole is None:
            self._whole = await self._read()
        return self._whole

    async def _read(self) -> bytes:
        body, goes_on = bytearray(), True
        while goes_on:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            if len(body) > self._most_bytes:
                raise Refused(413, "BODY_TOO_LARGE", f"the body is larger than {self._most_bytes} bytes")
            goes_on = message.get("more_body", False)
        return bytes(body)


def _from_body(whole: bytes) -> GraphQLRequestData:
    body = _parsed("body", whole)
    if isinstance(body, list):
        raise _bad("batches are not taken; send one operation at a time")
    if not isinstance(body, dict):
        raise _bad("the body is not a JSON object")
    return _checked(body)


def _from_query_string(parameters: Mapping[str, Any]) -> GraphQLRequestData:
    found: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if name in found:
            found[name] = _parsed(name, found[name] or "null")
    return _checked({**found, "operationName": found.get("operationName") or None})


def require_json(headers: Mapping[str, str]) -> None:
    """Raise Refused for a body that is not said to be JSON.

    Also what keeps forms of other sites out: browsers send JSON elsewhere only where they may.
    """
    if not _is_json(headers.get("content-type", "")):
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "send JSON in UTF-8, as Content-Type: application/json")
    if headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "send the body without Content-Encoding")


def _is_json(content_type: str) -> bool:
    media = MimeHeaders()
    media["content-type"] = content_type
    return media.get_content_type() == "application/json" and media.get_content_charset("utf-8") in {"utf-8", "utf8"}


def _parsed(what: str, text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        raise _bad(f"the {what} is not JSON in UTF-8") from None


def _checked(found: Mapping[str, Any]) -> GraphQLRequestData:
    query = found.get("query")
    extensions = _object(found, "extensions")
    # A persisted query may come without its document.
    by_hash = query is None and "persistedQuery" in (extensions or {})
    if not by_hash and (not isinstance(query, str) or not query):
        raise _bad("`query` is missing or not a string")
    operation_name = found.get("operationName")
    if not isinstance(operation_name, str | None):
        raise _bad("`operationName` is not a string")
    return GraphQLRequestData(query, _object(found, "variables"), operation_name, extensions)


def _object(found: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = found.get(name)
    if not isinstance(value, dict | None):
        raise _bad(f"`{name}` is not an object")
    return value


def _bad(message: str) -> Refused:
    return Refused(400, "BAD_REQUEST", message)

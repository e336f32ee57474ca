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


class Asking(Request[Any]):
    """A request that was read, with the one operation that it asks for."""

    def __init__(self, scope: Scope, receive: Receive, asked: GraphQLRequestData) -> None:
        super().__init__(scope, receive)
        self.asked = asked


async def read(scope: Scope, receive: Receive, most_bytes: int) -> GraphQLRequestData:
    """The one operation that is asked for. Raises Refused, also for a longer body, and ClientDisconnect.

    How long reading may take: see `connections`.
    """
    if scope["method"] == "GET":
        return _checked(_of_query_string(Request(scope).query_params))
    body, goes_on = bytearray(), True
    while goes_on:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > most_bytes:
            raise Refused(413, "BODY_TOO_LARGE", f"the body is larger than {most_bytes} bytes")
        goes_on = message.get("more_body", False)
    return _checked(_of_body(bytes(body)))


def _of_body(whole: bytes) -> dict[str, Any]:
    body = _parsed("body", whole)
    if isinstance(body, list):
        raise _bad("batches are not taken; send one operation at a time")
    if not isinstance(body, dict):
        raise _bad("the body is not a JSON object")
    return body


def _of_query_string(parameters: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if name in found:
            found[name] = _parsed(name, found[name] or "null")
    return {**found, "operationName": found.get("operationName") or None}


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
    query, operation_name = found.get("query"), found.get("operationName")
    variables, extensions = found.get("variables"), found.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise _bad("`extensions` is not an object")
    # A persisted query may come without its document.
    by_hash = query is None and "persistedQuery" in (extensions or {})
    if not by_hash and (not isinstance(query, str) or not query):
        raise _bad("`query` is missing or not a string")
    if operation_name is not None and not isinstance(operation_name, str):
        raise _bad("`operationName` is not a string")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("`variables` is not an object")
    return GraphQLRequestData(query, variables, operation_name, extensions)


def _bad(message: str) -> Refused:
    return Refused(400, "BAD_REQUEST", message)

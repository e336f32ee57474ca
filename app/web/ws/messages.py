"""The messages of graphql-transport-ws, read strictly, and what a connection is closed for."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from graphql import GraphQLError
from msgspec import Meta, Struct
from strawberry.types import ExecutionResult

from app.web.encoding import encoded
from app.web.ws.limits import LONGEST_OPERATION_ID

PROTOCOL = "graphql-transport-ws"
GOING_AWAY = 1001
OUR_FAULT = 1011
TRY_AGAIN_LATER = 1013
BAD_REQUEST = 4400
NOT_INITIALISED = 4401
WRONG_SUBPROTOCOL = 4406
INIT_TOO_LATE = 4408
ID_IN_USE = 4409
INIT_TWICE = 4429
# A close frame has room for this much.
_LONGEST_REASON_BYTES = 123

OperationId = Annotated[str, Meta(min_length=1, max_length=LONGEST_OPERATION_ID)]


class Closing(Exception):
    """The connection is to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON_BYTES].decode(errors="ignore")


class Init(Struct, tag="connection_init"):
    payload: dict[str, Any] | None = None


class Ping(Struct, tag="ping"):
    payload: dict[str, Any] | None = None


class Pong(Struct, tag="pong"):
    payload: dict[str, Any] | None = None


class Request(Struct, rename="camel"):
    """What is to be carried out."""

    query: Annotated[str, Meta(min_length=1)]
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


class Subscribe(Struct, tag="subscribe"):
    """Carry out an operation of any kind."""

    id: OperationId
    payload: Request


class Complete(Struct, tag="complete"):
    id: OperationId


Message = Init | Ping | Pong | Subscribe | Complete
_decoder = msgspec.json.Decoder(Message)


def read(text: str) -> Message:
    """Raises Closing for what is no message of the protocol."""
    try:
        message: Message = _decoder.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Closing(BAD_REQUEST, f"Invalid message: {error}") from None
    return message


def ack() -> str:
    return _text({"type": "connection_ack"})


def pong() -> str:
    return _text({"type": "pong"})


def next_result(operation: str, result: ExecutionResult) -> str:
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        payload["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        payload["extensions"] = result.extensions
    return _text({"id": operation, "type": "next", "payload": payload})


def error(operation: str, errors: Sequence[GraphQLError]) -> str:
    """The operation is not carried out, and over with that."""
    return _text({"id": operation, "type": "error", "payload": [one.formatted for one in errors]})


def complete(operation: str) -> str:
    return _text({"id": operation, "type": "complete"})


def _text(message: Mapping[str, Any]) -> str:
    return encoded(message).decode()

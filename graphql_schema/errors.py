"""Errors as clients see them: every one carries `extensions.code`, and nothing of our inside leaks.

BAD_USER_INPUT              arguments that cannot be carried out
INVALID_CURSOR              a cursor that is malformed or was taken under another order or filter
CURSOR_EXPIRED              events behind the cursor are no longer kept
HISTORY_FORGOTTEN           `asOf` lies before the history that is kept
UNAUTHENTICATED             a mutation without the right token
SERVICE_UNAVAILABLE         the database cannot be reached; worth trying again
GRAPHQL_PARSE_FAILED        the document is not GraphQL
OPERATION_NOT_FOUND         the document has no operation, or none of that name
GRAPHQL_VALIDATION_FAILED   the document does not fit the schema, or breaks a limit
TOO_BUSY                    too many other requests; worth trying again soon
TIMEOUT                     the query took too long
INTERNAL_SERVER_ERROR       our fault; the log has the exception under `error_id`
"""

import re
import uuid

import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import CannotGetOperationTypeError

from db.errors import CursorExpired, DatabaseUnavailable, HistoryForgotten, InvalidCursor, SchemaBehind
from db.filters import BadFilter

_OF_ARGUMENTS = {
    InvalidCursor: "INVALID_CURSOR",
    CursorExpired: "CURSOR_EXPIRED",
    HistoryForgotten: "HISTORY_FORGOTTEN",
    BadFilter: "BAD_USER_INPUT",
}
_HINT = re.compile(r" Did you mean [^?]*\?")
_log = structlog.get_logger()


def bad_input(message: str) -> GraphQLError:
    """An error to raise for arguments that cannot be carried out."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def unauthenticated() -> GraphQLError:
    """An error to raise for a caller who may not change anything."""
    return GraphQLError("this needs `Authorization: Bearer` with the API token", extensions={"code": "UNAUTHENTICATED"})


def present(error: GraphQLError, *, executing: bool) -> None:
    """Make an error fit to be shown: give it a code, and hide what clients should not see.

    `executing` tells whether the document had been accepted, so that its variables and fields are to blame.
    """
    if error.extensions and "code" in error.extensions:
        return
    cause = _cause(error)
    match cause:
        case InvalidCursor() | CursorExpired() | HistoryForgotten() | BadFilter():
            _show(error, _OF_ARGUMENTS[type(cause)], str(cause))
        case RecursionError():
            _show(error, "BAD_USER_INPUT", "the request is nested too deeply")
        case DatabaseUnavailable() | SchemaBehind():
            _log.warning("graphql.database_unavailable", error=str(cause))
            _show(error, "SERVICE_UNAVAILABLE", "the database cannot be reached")
        case CannotGetOperationTypeError():
            _show(error, "OPERATION_NOT_FOUND", cause.as_http_error_reason())
        case GraphQLSyntaxError():
            _show(error, "GRAPHQL_PARSE_FAILED", error.message)
        case GraphQLError() if not executing:
            _show(error, "GRAPHQL_VALIDATION_FAILED", error.message)
        # Of graphql-core's own errors while executing, those about input point at a place in the document.
        case GraphQLError() if error.path is None or cause.nodes:
            _show(error, "BAD_USER_INPUT", error.message)
        case _:
            _hide(error, cause)


def withhold_hints(error: GraphQLError) -> None:
    """Take out the names that graphql-core suggests instead of a wrong one."""
    error.message = _HINT.sub("", error.message)


def _cause(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _show(error: GraphQLError, code: str, message: str) -> None:
    error.message = message
    error.extensions = {"code": code}


def _hide(error: GraphQLError, cause: BaseException) -> None:
    error_id = uuid.uuid4().hex
    path = error.path and ".".join(str(part) for part in error.path)
    _log.error("graphql.internal_error", error_id=error_id, path=path, exc_info=cause)
    error.message = "internal error"
    error.extensions = {"code": "INTERNAL_SERVER_ERROR", "errorId": error_id}

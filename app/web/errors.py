"""One shape for every error of every route: problem details (RFC 9457), with a constant code for programs.

What goes wrong inside is logged under the request's id; the answer never repeats it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response

from db.errors import DatabaseError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
_log = structlog.get_logger()

_DETAILS = {
    404: "There is nothing here. / lists the routes.",
    405: "This route does not know that method; the Allow header names those it knows.",
}


@dataclass(frozen=True, slots=True)
class BadParameter:
    """A query parameter that cannot be used, and why."""

    parameter: str
    detail: str


class InvalidParameters(Exception):
    """The query string cannot be used. Answered with 422."""

    def __init__(self, errors: Sequence[BadParameter]) -> None:
        super().__init__("; ".join(f"{error.parameter}: {error.detail}" for error in errors))
        self.errors = list(errors)


def problem(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """An error answer. `code` defaults to the status's name, such as NOT_FOUND."""
    named = HTTPStatus(status)
    body = {
        "type": "about:blank",
        "title": named.phrase,
        "status": status,
        "detail": detail,
        "code": code or named.name,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        **more,
    }
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def internal_error() -> Response:
    """The answer to a mistake of ours, which has been logged."""
    return problem(500, "Something went wrong here. The log has it under this request_id.")


def database_unavailable() -> Response:
    """The answer while the database cannot be used; worth trying again soon."""
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return problem(503, "The database does not answer.", code="DATABASE_UNAVAILABLE", headers=headers)


def answer_to(error: Exception) -> Response | None:
    """The answer to what routes are expected to raise; None for anything else."""
    match error:
        case HTTPException():
            return _of_http(error)
        case InvalidParameters():
            return _of_parameters(error)
        case DatabaseError():
            _log.warning("http.database_unavailable", error=str(error))
            return database_unavailable()
    return None


def _of_http(error: HTTPException) -> Response:
    status = error.status_code
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    detail = _DETAILS.get(status, error.detail)
    return problem(status, detail, headers=headers)


def _of_parameters(error: InvalidParameters) -> Response:
    errors = [asdict(bad) for bad in error.errors]
    names = ", ".join(dict.fromkeys(bad.parameter for bad in error.errors))
    return problem(422, f"The query string cannot be used: {names}.", code="INVALID_PARAMETERS", errors=errors)

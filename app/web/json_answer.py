"""JSON as all REST routes write it: times as ISO 8601 in UTC with `Z`, non-finite numbers as null."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


def encoded(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(encoded(body), status, headers, media_type="application/json")

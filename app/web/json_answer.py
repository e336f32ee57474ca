"""JSON as all REST routes write it: times as ISO 8601 in UTC with `Z`, non-finite numbers as null."""

from typing import Any

import orjson
from starlette.responses import Response


def json_answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), status, media_type="application/json")

"""GraphQL answers as JSON text."""

import json

import orjson


def encoded(body: object) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:
        # Numbers beyond 64 bits, or lone surrogates.
        return json.dumps(body, separators=(",", ":")).encode()

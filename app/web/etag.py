"""Entity tags: whether a client already has what it would get (RFC 9110, 13.1.2).

Tags are weak: two answers with the same tag carry the same data, but each its own request id and latency, and perhaps
another compression.
"""

import re
from collections.abc import Iterable
from hashlib import sha256

from starlette.types import Scope

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def weak(data: bytes) -> str:
    """The tag of an answer that says this: of its SHA-256, for which processors have an instruction, 96 bits."""
    return f'W/"{sha256(data).hexdigest()[:24]}"'


def is_known(tag: str, scope: Scope) -> bool:
    """Whether the client has the answer with this tag, by its If-None-Match headers."""
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"]
    return bool(given) and matches(tag, given)


def matches(tag: str, if_none_match: Iterable[str]) -> bool:
    """Whether these If-None-Match headers name the tag, or any."""
    given = ",".join(if_none_match)
    return given.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(given)

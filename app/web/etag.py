"""Entity tags: whether a client already has what it would get (RFC 9110, 13.1.2).

Tags are weak: two answers with the same tag carry the same data, but each its own request id and latency, and perhaps
another compression.
"""

import re
from collections.abc import Iterable
from hashlib import sha256

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def weak(data: bytes) -> str:
    """The tag of an answer that says this: of its SHA-256, for which processors have an instruction, 96 bits."""
    return f'W/"{sha256(data).hexdigest()[:24]}"'


def matches(tag: str, if_none_match: Iterable[str]) -> bool:
    """Whether a client that sent these If-None-Match headers has the answer with this tag."""
    given = ",".join(if_none_match)
    return given.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(given)

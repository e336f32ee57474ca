"""Opaque page cursors: the sort key of one row, bound to the listing it was taken from.

A cursor is base64url of compact JSON `[checksum, key...]`. The checksum covers the key and the listing's
scope (order, filter, search), so a cursor of another listing or a damaged one is told apart from a good one.
It is no secret: a forged cursor can only name another place in a list that its reader may read anyway.
"""

import json
import math
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from orjson import dumps
from sqlalchemy import BigInteger, Integer
from sqlalchemy.types import TypeEngine

from db.clock import UtcDateTime, to_text
from db.errors import InvalidCursor

INT32 = range(-(2**31), 2**31)
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
# One short of what fits, so that there is room for a step.
INT64 = range(-(2**63) + 1, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class KeyPart:
    """What one value of a cursor has to look like."""

    kind: type
    integers: range = INT64
    nullable: bool = False

    @classmethod
    def of(cls, column_type: TypeEngine[Any], *, nullable: bool = False) -> "KeyPart":
        narrow = isinstance(column_type, Integer) and not isinstance(column_type, BigInteger)
        kind = datetime if isinstance(column_type, UtcDateTime) else column_type.python_type
        return cls(kind, INT32 if narrow else INT64, nullable)


def encode(scope: str, key: Sequence[Any]) -> str:
    """The cursor of the row with this sort key."""
    return encoder(scope)(key)


def encoder(scope: str) -> Callable[[Sequence[Any]], str]:
    """What makes the cursors of a listing out of its rows' sort keys."""
    begun = _begun(scope)

    def encode(key: Sequence[Any]) -> str:
        values = dumps([to_text(value) if isinstance(value, datetime) else value for value in key])
        checksum = begun.copy()
        checksum.update(values + b"]")
        body = b'["%b",%b' % (checksum.hexdigest().encode(), values[1:])
        return b2a_base64(body, newline=False).translate(_URL_SAFE).rstrip(b"=").decode()

    return encode


def decode(scope: str, parts: Sequence[KeyPart], cursor: str) -> tuple[Any, ...]:
    """The sort key a cursor stands for. Raises InvalidCursor, whatever the text."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        _, *values = json.loads(urlsafe_b64decode(padded))
        key = tuple(_value(part, value) for part, value in zip(parts, values, strict=True))
        # Encoding is unique, so whatever does not come out the same again was not made by us, or not for this list.
        genuine = encode(scope, key) == cursor
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise InvalidCursor("the cursor is malformed") from error
    if not genuine:
        raise InvalidCursor("the cursor is damaged or was taken under another order or filter")
    return key


def storable(text: str) -> bool:
    """Whether both databases can take the text: no NUL (PostgreSQL) and no lone surrogate (UTF-8)."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


@lru_cache(256)
def _begun(scope: str) -> blake2b:
    """The hash of everything before the key, which is the same for all cursors of a list."""
    # Lone surrogates can stand in a filter, hence in the scope.
    return blake2b(f"[{json.dumps(scope)},".encode(), digest_size=8)


def _value(part: KeyPart, value: Any) -> Any:
    if value is None and part.nullable:
        return None
    if part.kind is datetime and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        return moment
    if type(value) is not part.kind:
        raise TypeError(f"{part.kind.__name__} expected")
    if isinstance(value, int) and value not in part.integers:
        raise ValueError("number out of range")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a finite number")
    if isinstance(value, str) and not storable(value):
        raise ValueError("text the database cannot hold")
    return value

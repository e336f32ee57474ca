"""Edits JSON text without parsing its values, so that it can be made into something no parser would write."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])

LITERALS: Final = {
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "1e999": b"1e999",
    "digits": b"9" * 5000,
    "deep": b"[" * 5000 + b"]" * 5000,
    "nul": b'"nul \x00 byte"',
    "u0000": b'"nul \\u0000 escape"',
    "surrogate": b'"lone \\ud800 surrogate"',
    "utf8": b'"bad \xff\xfe bytes"',
}
"""Values that break parsers, converters or databases, as they stand in the JSON text."""

TEXTS: Final = frozenset({"nul", "u0000", "surrogate", "utf8"})
"""Those that stand where a text belongs; the rest stand where a number does."""


def rows_of(body: bytes) -> list[bytes]:
    """The rows of a list, or the one object, each as written."""
    if body.lstrip()[:1] == b"[":
        return [bytes(row) for row in _ROWS.decode(body)]
    return [body.strip()]


def with_rows(body: bytes, rows: Sequence[bytes]) -> bytes:
    """The same answer with other rows; keeps a final newline, and an object stays an object."""
    end = b"\n" if body.endswith(b"\n") else b""
    if body.lstrip()[:1] == b"[":
        return b"[" + b",".join(rows) + b"]" + end
    return b"".join(rows[:1]) + end


def change_rows(body: bytes, row: int | None, change: Callable[[bytes], bytes]) -> bytes:
    """Change one row (negative counts from the end; one that isn't there is left be), or all of them."""
    rows = rows_of(body)
    if row is None:
        rows = [change(text) for text in rows]
    elif -len(rows) <= row < len(rows):
        rows[row] = change(rows[row])
    return with_rows(body, rows)


def set_field(row: bytes, path: str, literal: bytes | None) -> bytes:
    """Put `literal` where the dotted `path` points, adding it if need be; None takes the field away."""
    name, _, rest = path.partition(".")
    fields = {key: bytes(value) for key, value in _FIELDS.decode(row).items()}
    if rest:
        fields[name] = set_field(fields.get(name, b"{}"), rest, literal)
    elif literal is None:
        fields.pop(name, None)
    else:
        fields[name] = literal
    pairs = (msgspec.json.encode(key) + b":" + value for key, value in fields.items())
    return b"{" + b",".join(pairs) + b"}"


def get_field(row: bytes, path: str) -> bytes | None:
    """The text of a field, or None."""
    name, _, rest = path.partition(".")
    value = _FIELDS.decode(row).get(name)
    if value is None:
        return None
    return get_field(bytes(value), rest) if rest else bytes(value)

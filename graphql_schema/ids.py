"""Global ids, as Relay wants them: base64 of `Type:key`, unique over all types."""

from binascii import a2b_base64, b2a_base64
from typing import NamedTuple

import strawberry

from db.cursors import INT64
from graphql_schema.errors import bad_input

_LONGEST = 1000


class GlobalId(NamedTuple):
    """What a global id says: the name of a type, and which one of its objects."""

    type_name: str
    key: str


def encode(type_name: str, key: int | str) -> strawberry.ID:
    return strawberry.ID(b2a_base64(f"{type_name}:{key}".encode(), newline=False).decode())


def decode(global_id: str) -> GlobalId | None:
    """None for whatever `encode` would not have made."""
    if len(global_id) > _LONGEST:
        return None
    try:
        type_name, colon, key = a2b_base64(global_id, strict_mode=True).decode().partition(":")
    except ValueError:
        return None
    return GlobalId(type_name, key) if colon and encode(type_name, key) == global_id else None


def number(key: str) -> int | None:
    """The row id that the key of a global id stands for; None for anything but a plain decimal number."""
    if not (key.isascii() and key.isdecimal()) or key != key.lstrip("0") or len(key) > len(str(INT64.stop)):
        return None
    return int(key)


def row_id(type_name: str, global_id: str) -> int | None:
    """The row id behind a global id of this type, None where it is not one."""
    decoded = decode(global_id)
    return number(decoded.key) if decoded is not None and decoded.type_name == type_name else None


def require_row_id(type_name: str, global_id: str) -> int:
    """As `row_id`; raises BAD_USER_INPUT where it is not one."""
    found = row_id(type_name, global_id)
    if found is None:
        raise bad_input(f"not the id of {'an' if type_name[0] in 'AEIOU' else 'a'} {type_name}")
    return found

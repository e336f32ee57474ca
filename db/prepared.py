"""Statements compiled once, to be carried out by the driver itself.

SQLAlchemy builds and compiles them; what differs from one time to the next is left open as named slots. Statements of
the same shape are the same text, so that the driver and the database prepare them once, too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Executable,
    Text,
    any_,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from db.clock import to_text

_ID = BigInteger()
_PLACE = re.compile(r"\$(\d+)(?:::\w+)?")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the driver takes it; `names` are its slots in the order of its parameters."""

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    times_as_text: bool

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The parameters, with these values in the slots."""
        given = {**self.constants, **values}
        found = [given[name] for name in self.names]
        if self.times_as_text and datetime in map(type, found):
            return [to_text(value) if isinstance(value, datetime) else value for value in found]
        return found


def slot(name: str, type_: TypeEngine[Any]) -> BindParameter[Any]:
    """A place for a value that is given when the statement is carried out."""
    return bindparam(name, None, type_)


def parents_slot(kind: str, of: TypeEngine[Any] = _ID) -> Any:
    """The place for the keys of rows that others belong to: an array or, on SQLite, text in JSON."""
    return slot("parents", Text() if kind == "sqlite" else ARRAY(of))


def is_one_of(kind: str, parent: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a row belongs to one of the `parents`."""
    if kind == "sqlite":
        given = func.json_each(parents_slot(kind)).table_valued(column("value", parent.type))
        return parent.in_(select(given.c.value))
    return parent == any_(parents_slot(kind, parent.type))


def parents(kind: str, ids: Sequence[int] | Sequence[str]) -> dict[str, Any]:
    """What goes into their slot."""
    return {"parents": orjson.dumps(ids).decode() if kind == "sqlite" else ids}


def compiled(statement: Executable, dialect: Dialect) -> Prepared:
    """The statement for this database."""
    # Lists are spread out, to one parameter an entry.
    found = statement.compile(dialect=dialect).construct_expanded_state()  # type: ignore[attr-defined]
    names = tuple(found.positiontup or ())
    constants = {name: value for name, value in found.parameters.items() if value is not None}
    if dialect.name == "sqlite":
        return Prepared(found.statement, names, constants, times_as_text=True)
    return _with_numbers_shown(found.statement, names, constants)


def _with_numbers_shown(text: str, names: tuple[str, ...], constants: Mapping[str, Any]) -> Prepared:
    """PostgreSQL keeps one plan for all parameters only where it sees numbers that never change, such as LIMIT's."""
    shown = {name for name, value in constants.items() if type(value) is int}
    kept = tuple(name for name in dict.fromkeys(names) if name not in shown)
    numbers = {name: f"${place}" for place, name in enumerate(kept, 1)}

    def place(found: re.Match[str]) -> str:
        name = names[int(found[1]) - 1]
        return str(constants[name]) if name in shown else found[0].replace(f"${found[1]}", numbers[name], 1)

    given = {name: constants[name] for name in kept if name in constants}
    return Prepared(_PLACE.sub(place, text), kept, given, times_as_text=False)

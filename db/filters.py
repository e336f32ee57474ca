"""Filters as data, and what they mean in SQL.

Logic is two-valued: a comparison with an unknown value is false, so `Not` is the complement and `ne` holds for
null. Negation is pushed down to the comparisons, because SQL's own NOT leaves unknown unknown.
Text is compared by its case-folded form. Values that a column cannot hold equal nothing and never reach a driver.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from sqlalchemy import BigInteger, ColumnElement, Integer, and_, false, or_, true

from db.cursors import INT32, INT64, storable
from db.prepared import slot

Operator = Literal["eq", "ne", "in", "gt", "gte", "lt", "lte", "is_null", "contains", "starts_with"]

LONGEST_NEEDLE = 1000
LAST_CHARACTER = "\U0010ffff"
_SURROGATES = range(0xD800, 0xE000)


class BadFilter(ValueError):
    """The filter cannot be carried out as it is; the message says why, for the caller."""


@dataclass(frozen=True, slots=True)
class Where:
    """One comparison. The operand is a tuple for `in`, a bool for `is_null`, and else one value."""

    field: str
    operator: Operator
    operand: Any


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts hold; without parts, always."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the parts holds; without parts, never."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = Where | Every | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Slot:
    """An operand that is given only when a prepared statement is carried out."""

    name: str


@dataclass(frozen=True, slots=True)
class Sought:
    """A text to look for that is given only then: the name of its slots, and whether any text lies behind all that
    begin with it."""

    name: str
    bounded: bool

    @classmethod
    def of(cls, name: str, text: str, values: dict[str, Any]) -> Self:
        """The text's shape; what goes into its slots is put into `values`."""
        end = _successor(text)
        values |= {name: text, f"{name}_end": end, f"{name}_in": literal_pattern(text)}
        return cls(name, bounded=end is not None)

    def is_all_of(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return column == slot(self.name, column.type)

    def begins(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """As `starts_with`."""
        end = slot(f"{self.name}_end", column.type) if self.bounded else None
        return _between(column, slot(self.name, column.type), end)

    def is_in(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return column.like(slot(f"{self.name}_in", column.type), escape="!")


@dataclass(frozen=True, slots=True)
class Field:
    """A column that can be filtered by. Folded columns hold (or are known to equal) their case-folded text."""

    column: ColumnElement[Any]
    nullable: bool = False
    folded: bool = False


Fields = Mapping[str, Field]


def to_sql(fields: Fields, condition: Condition, *, negated: bool = False) -> ColumnElement[bool]:
    """An expression that is true or false for every row, never unknown. Raises BadFilter."""
    match condition:
        case Where():
            return _comparison(field_of(fields, condition.field), condition, negated)
        case Not():
            return to_sql(fields, condition.part, negated=not negated)
        case Every() | AnyOf():
            parts = [to_sql(fields, part, negated=negated) for part in condition.parts]
            if isinstance(condition, Every) != negated:
                return and_(true(), *parts)
            return or_(false(), *parts)


def with_slots(fields: Fields, condition: Condition, values: dict[str, Any]) -> Condition:
    """The condition's shape: operands that make no other SQL are taken out of it, into `values`. Raises BadFilter."""
    match condition:
        case Where(name, operator, operand):
            field, place = field_of(fields, name), f"v{len(values)}"
            if operator not in _COMPARING | _LOOKING or not _fits(field, operand):
                return condition
            given = _prepared(field, operand)
            if operator == "contains":
                check_needle(given)
            if operator in _LOOKING:
                return Where(name, operator, Sought.of(place, given, values))
            values[place] = given
            return Where(name, operator, Slot(place))
        case Not(part):
            return Not(with_slots(fields, part, values))
        case Every(parts):
            return Every(tuple(with_slots(fields, part, values) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(with_slots(fields, part, values) for part in parts))


def field_of(fields: Fields, name: str) -> Field:
    """Raises BadFilter for a field that can't be spoken of: it exists, but its past is not kept."""
    if name not in fields:
        raise BadFilter(f"{name} has no history: with `asOf`, filter and sort by {', '.join(fields)}")
    return fields[name]


def literal_pattern(needle: str) -> str:
    """A LIKE pattern (escape character `!`) for text that contains the needle."""
    for special in "!%_":
        needle = needle.replace(special, "!" + special)
    return f"%{needle}%"


def check_needle(needle: str) -> str:
    """The needle. Raises BadFilter for one that no text can be searched for."""
    if len(needle) > LONGEST_NEEDLE:
        raise BadFilter(f"text to look for is longer than {LONGEST_NEEDLE} characters")
    return needle


def contains(column: ColumnElement[Any], needle: str) -> ColumnElement[bool]:
    return column.like(literal_pattern(needle), escape="!")


def starts_with(column: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
    """As a range, which both databases can read from a plain index (and which no pattern can upset)."""
    return _between(column, prefix, _successor(prefix))


def _between(column: ColumnElement[Any], start: Any, end: Any) -> ColumnElement[bool]:
    at_least: ColumnElement[bool] = column >= start
    return at_least if end is None else and_(at_least, column < end)


def _successor(prefix: str) -> str | None:
    """The smallest text behind all texts with this prefix, in code point order; None when there is none."""
    kept = prefix.rstrip(LAST_CHARACTER)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    if following in _SURROGATES:
        following = _SURROGATES.stop
    return kept[:-1] + chr(following)


def _comparison(field: Field, where: Where, negated: bool) -> ColumnElement[bool]:
    column = field.column
    if where.operator == "is_null":
        wanted = where.operand != negated
        if not field.nullable:
            return ~true() if wanted else true()
        return column.is_(None) if wanted else column.is_not(None)
    if where.operator == "ne":
        return _comparison(field, Where(where.field, "eq", where.operand), not negated)
    found = _holds(field, where.operator, where.operand)
    if not negated:
        return found
    return or_(column.is_(None), ~found) if field.nullable else ~found


def _holds(field: Field, operator: Operator, operand: Any) -> ColumnElement[bool]:
    """The comparison for a row whose value is known."""
    if operator == "in":
        values = [_prepared(field, value) for value in operand if _fits(field, value)]
        return field.column.in_(values) if values else false()
    if not _fits(field, operand):
        return _beyond_range(field, operator, operand)
    return _OPERATIONS[operator](field.column, _prepared(field, operand))


def _beyond_range(field: Field, operator: Operator, operand: Any) -> ColumnElement[bool]:
    """A number that the column cannot hold is larger, or smaller, than all of its values; text just differs."""
    if isinstance(operand, str) or operator == "eq":
        return false()
    above = operand > 0
    holds = operator in {"lt", "lte"} if above else operator in {"gt", "gte"}
    return field.column.is_not(None) if holds else false()


def _fits(field: Field, value: Any) -> bool:
    if isinstance(value, str):
        return storable(value)
    if isinstance(field.column.type, Integer) and isinstance(value, int):
        return value in (INT64 if isinstance(field.column.type, BigInteger) else INT32)
    return True


def _prepared(field: Field, value: Any) -> Any:
    if isinstance(value, Slot):
        return slot(value.name, field.column.type)
    return value.casefold() if field.folded and isinstance(value, str) else value


_COMPARING = {"eq", "ne", "gt", "gte", "lt", "lte"}
_LOOKING = {"contains", "starts_with"}
_OPERATIONS: dict[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "contains": lambda column, needle: (
        needle.is_in(column) if isinstance(needle, Sought) else contains(column, check_needle(needle))
    ),
    "starts_with": lambda column, prefix: (
        prefix.begins(column) if isinstance(prefix, Sought) else starts_with(column, prefix)
    ),
}

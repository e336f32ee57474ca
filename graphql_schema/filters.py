"""Filters and orders as clients write them, turned into the database's conditions."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import Any, ClassVar, Protocol, cast

import strawberry
from strawberry import UNSET

from db.catalog import Order
from db.filters import AnyOf, Condition, Every, Not, Operator, Where
from graphql_schema import ids
from graphql_schema.enums import Direction, RunStatus, RunTrigger
from graphql_schema.errors import bad_input
from graphql_schema.fields import optional

MAX_COMPARISONS = 500
MAX_DEPTH = 20
MAX_LISTED = 1000

_EQ = "Equal to this."
_NE = "Not equal to this; holds for null."
_IN = "Equal to one of these; an empty list matches nothing."
_GT, _GTE, _LT, _LTE = "Greater than this.", "This or greater.", "Less than this.", "This or less."
_IS_NULL = "Whether the value is unknown."


@strawberry.input(description="Compares a global id.")
class IDFilter:
    eq: strawberry.ID | None = optional(_EQ)
    in_: list[strawberry.ID] | None = optional(_IN, "in")


@strawberry.input(description="Compares text, by its case-folded form.")
class StringFilter:
    eq: str | None = optional(_EQ)
    ne: str | None = optional(_NE)
    in_: list[str] | None = optional(_IN, "in")
    contains: str | None = optional("Has this in it, whatever the case.")
    starts_with: str | None = optional("Begins with this, whatever the case.")


@strawberry.input(description="Compares whole numbers.")
class IntFilter:
    eq: int | None = optional(_EQ)
    ne: int | None = optional(_NE)
    in_: list[int] | None = optional(_IN, "in")
    gt: int | None = optional(_GT)
    gte: int | None = optional(_GTE)
    lt: int | None = optional(_LT)
    lte: int | None = optional(_LTE)
    is_null: bool | None = optional(_IS_NULL)


@strawberry.input(description="Compares numbers.")
class FloatFilter:
    eq: float | None = optional(_EQ)
    ne: float | None = optional(_NE)
    in_: list[float] | None = optional(_IN, "in")
    gt: float | None = optional(_GT)
    gte: float | None = optional(_GTE)
    lt: float | None = optional(_LT)
    lte: float | None = optional(_LTE)
    is_null: bool | None = optional(_IS_NULL)


@strawberry.input(description="Compares moments.")
class DateTimeFilter:
    eq: datetime | None = optional(_EQ)
    gt: datetime | None = optional(_GT)
    gte: datetime | None = optional(_GTE)
    lt: datetime | None = optional(_LT)
    lte: datetime | None = optional(_LTE)
    is_null: bool | None = optional(_IS_NULL)


Comparison = IDFilter | StringFilter | IntFilter | FloatFilter | DateTimeFilter


@strawberry.input(description="Which runs. All that is given must hold.")
class RunFilter:
    source: StringFilter | None = optional("Name of the source.")
    status: list[RunStatus] | None = optional("In one of these states; an empty list matches nothing.")
    trigger: list[RunTrigger] | None = optional("Asked for by one of these; an empty list matches nothing.")
    started_at: DateTimeFilter | None = optional("When work began.")


class Tree(Protocol):
    """A filter whose parts can be combined."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class AnyOrder(Protocol):
    """A criterion to sort by."""

    @property
    def field(self) -> Enum: ...

    @property
    def direction(self) -> Direction | None: ...


def condition_of(given: Tree | None) -> Condition | None:
    """A filter with `and`, `or` and `not` as a condition. Raises BAD_USER_INPUT."""
    return _Budget().tree(given, depth=1) if given else None


def run_condition(given: RunFilter | None) -> Condition | None:
    """The filter as a condition. Raises BAD_USER_INPUT."""
    return Every(tuple(_Budget().runs(given))) if given else None


def orders_of(given: Sequence[AnyOrder] | None) -> tuple[Order, ...]:
    return tuple(Order(str(order.field.value), order.direction is Direction.DESC) for order in given or ())


class _Budget:
    """Builds one condition and keeps count, so that no filter outgrows what the databases take."""

    def __init__(self) -> None:
        self._comparisons = 0
        self._listed = 0

    def tree(self, given: Tree, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise bad_input(f"the filter is nested deeper than {MAX_DEPTH}")
        parts: list[Condition] = []
        for name, value in _fields(given):
            match name:
                case "and_":
                    parts.append(Every(tuple(self.tree(part, depth + 1) for part in value)))
                case "or_":
                    parts.append(AnyOf(tuple(self.tree(part, depth + 1) for part in value)))
                case "not_":
                    parts.append(Not(self.tree(value, depth + 1)))
                case _:
                    parts += self.comparisons(name, value)
        return Every(tuple(parts))

    def runs(self, given: RunFilter) -> Iterator[Condition]:
        for name, value in _fields(given):
            if name in {"status", "trigger"}:
                yield self.where(name, "in", tuple(word.value for word in value))
            else:
                yield from self.comparisons(name, value)

    def comparisons(self, field: str, given: Comparison) -> Iterator[Where]:
        for name, value in _fields(given):
            operator = cast("Operator", name.rstrip("_"))
            operand = tuple(value) if operator == "in" else value
            yield self.where(field, operator, _row_ids(operand) if isinstance(given, IDFilter) else operand)

    def where(self, field: str, operator: Operator, operand: Any) -> Where:
        self._comparisons += 1
        self._listed += len(operand) if isinstance(operand, tuple) else 0
        if self._comparisons > MAX_COMPARISONS:
            raise bad_input(f"the filter has more than {MAX_COMPARISONS} comparisons")
        if self._listed > MAX_LISTED:
            raise bad_input(f"the filter lists more than {MAX_LISTED} values")
        if not all(isfinite(number) for number in _numbers(operand)):
            raise bad_input(f"`{operator}` needs a finite number")
        return Where(field, operator, operand)


def _fields(given: Tree | RunFilter | Comparison) -> Iterator[tuple[str, Any]]:
    """What the client gave, in the order of the schema. Raises BAD_USER_INPUT where that is null."""
    for name in given.__dataclass_fields__:
        value = getattr(given, name)
        if value is None:
            raise bad_input(f"`{name.rstrip('_')}` is null; leave it out, or use `isNull` to look for unknown values")
        if value is not UNSET:
            yield name, value


def _numbers(operand: Any) -> list[float]:
    return [value for value in (operand if isinstance(operand, tuple) else (operand,)) if isinstance(value, float)]


def _row_ids(operand: Any) -> Any:
    """Ids of assets as row numbers; what is no asset's id is the number of no row."""
    if isinstance(operand, tuple):
        return tuple(_row_ids(global_id) for global_id in operand)
    found = ids.row_id("Asset", operand)
    return -1 if found is None else found

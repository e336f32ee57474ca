"""Small helpers for declaring fields and arguments.

Strawberry's decorators look untyped to type checkers once they take arguments; these are typed.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry
from strawberry import UNSET

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def described(description: str) -> Callable[[F], F]:
    """A field with a resolver."""
    return cast("Callable[[F], F]", strawberry.field(description=description))


def followed(description: str) -> Callable[[F], F]:
    """A field of the subscription type. Its resolver checks what was asked and returns what is to be iterated."""
    return cast("Callable[[F], F]", strawberry.subscription(description=description))


def optional(description: str, name: str | None = None) -> Any:
    """A field of an input that may be left out, but not be null."""
    return strawberry.field(description=description, name=name, default=UNSET)


def given(argument: T | None) -> T | None:
    """An optional argument's value, None where it was left out.

    Left out is UNSET in Strawberry: a default of None would be printed as `= null` in the schema.
    """
    return None if argument is UNSET else argument

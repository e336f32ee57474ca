"""The environment and a file like it, read into a struct: each field is the variable of its name in capitals.

What the types say of bounds is checked by msgspec, which decodes the sources' records as well.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from dotenv import dotenv_values

_T = TypeVar("_T", bound=msgspec.Struct)
Check = Callable[[Any], Any]
# A complaint may quote a value, and a value can be anything.
LONGEST_COMPLAINT = 300
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})")
_MEANT = {int: "a whole number", float: "a number", bool: "true or false"}


class Secret:
    """A text that nothing shows by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def reveal(self) -> str:
        """The text, for whoever sends or compares it."""
        return self._text


class WrongVariables(ValueError):
    """Values that cannot be used; the text has a line for each, which names the variable."""


def variables(file: Path) -> dict[str, str]:
    """What the file says and, before it, the environment, by names in capitals. An empty value counts as unset.

    Raises WrongVariables for a file that is not text.
    """
    try:
        in_file = dotenv_values(file)
    except UnicodeDecodeError as error:
        raise WrongVariables(f"{file}: not UTF-8 text (byte {error.start})") from None
    # By name and source: a variable that is set to nothing does not hide the file's.
    return {name.upper(): value for given in (in_file, os.environ) for name, value in given.items() if value}


def read(kind: type[_T], given: Mapping[str, str], checks: Mapping[str, Check]) -> _T:
    """A struct of what is given; a field that is not keeps its default.

    A check gets its field's value and returns what to use instead, or raises ValueError. Raises WrongVariables.
    """
    values: dict[str, Any] = {}
    problems = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if text := given.get(name.upper()):
            try:
                value = _converted(text, hint)
                values[name] = checks[name](value) if name in checks else value
            except ValueError as problem:
                problems.append(f"{name.upper()}: {_shortened(str(problem))}")
    if problems:
        raise WrongVariables("\n".join(problems))
    return kind(**values)


def _converted(text: str, hint: Any) -> Any:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("not UTF-8 text")
    hint = _without_none(hint)
    kind = hint.__origin__ if get_origin(hint) is Annotated else hint
    if get_origin(kind) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if get_origin(kind) is Literal:
        return _chosen(text.strip(), get_args(kind))
    return _number(text.strip(), kind, hint) if kind in _MEANT else kind(text)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    (other,) = (part for part in get_args(hint) if part is not NoneType)
    return other


def _chosen(text: str, choices: tuple[str, ...]) -> str:
    for choice in choices:
        if choice.lower() == text.lower():
            return choice
    raise ValueError(f"must be one of {', '.join(choices)}")


def _number(text: str, kind: type, hint: Any) -> Any:
    number: object = None
    if kind is bool:
        number = _BOOLEANS.get(text.lower())
    elif (_WHOLE if kind is int else _DECIMAL).fullmatch(text):
        number = kind(text)
    if number is None:
        raise ValueError(f"must be {_MEANT[kind]}")
    try:
        return msgspec.convert(number, hint)
    except msgspec.ValidationError as problem:
        # "Expected `int` <= 65535"
        raise ValueError(f"must be {str(problem).partition('` ')[2]}") from None


def _shortened(complaint: str) -> str:
    return complaint if len(complaint) <= LONGEST_COMPLAINT else f"{complaint[:LONGEST_COMPLAINT]}..."

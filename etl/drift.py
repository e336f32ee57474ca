"""Schema drift: what fields an upstream's records have, and how that differs from what was known. Pure.

A field is a path into a record (`quotes.USD.price`, `platforms[]`, a CSV column) with the kinds of value seen there.
Null says nothing about a field's kind.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from db.drift import Change, KnownFields
from db.text import escaped
from etl.types import Shape

MOST_FIELDS = 1000
LONGEST_NAME = 100
NULL = "null"
# What is left of a value when only names and kinds count.
_Form = str | tuple[Any, ...]
_SCALARS = {bool: "boolean", int: "number", float: "number", str: "string", type(None): NULL}


@dataclass(frozen=True, slots=True)
class Survey:
    """How many records a window holds, and how many of them have which shape."""

    records: int
    shapes: Counter[Shape]

    def kinds(self) -> dict[str, Counter[str]]:
        """For each path how many records have which kind of value there."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for shape, count in self.shapes.items():
            for path, kind in shape:
                found[path][kind] += count
        return dict(found)


def shape_of(value: Any) -> Shape:
    """The paths and kinds of one decoded JSON record, in a fixed order."""
    return _shape_of_form(_form_of(value))


def shape_of_small(value: Any) -> Shape:
    """The same, remembering what it worked out: for records that are no burden to remember, and are mostly alike."""
    return _remembered_shape(_form_of(value))


def compare(known: KnownFields, survey: Survey) -> tuple[list[Change], KnownFields]:
    """What changed, and what is known from now on. A source seen for the first time has no changes."""
    seen = survey.kinds()
    now_known = {path: _solid(kinds) or known.get(path, frozenset()) for path, kinds in seen.items()}
    if not known:
        return [], now_known
    changes = [
        *_appeared(known, seen, survey.records),
        *_vanished(known, seen),
        *_retyped(known, seen, survey.records),
    ]
    return changes, now_known


def _appeared(known: KnownFields, seen: Mapping[str, Counter[str]], records: int) -> Iterable[Change]:
    for path in sorted(seen.keys() - known.keys()):
        yield Change(path, "appeared", None, _text(_solid(seen[path])), _percent(seen[path].total(), records))


def _vanished(known: KnownFields, seen: Mapping[str, Counter[str]]) -> Iterable[Change]:
    for path in sorted(known.keys() - seen.keys()):
        yield Change(path, "vanished", _text(known[path]), None, 100.0)


def _retyped(known: KnownFields, seen: Mapping[str, Counter[str]], records: int) -> Iterable[Change]:
    for path in sorted(seen.keys() & known.keys()):
        new = _solid(seen[path]) - known[path]
        if new and known[path]:
            affected = sum(seen[path][kind] for kind in new)
            yield Change(path, "retyped", _text(known[path]), _text(_solid(seen[path])), _percent(affected, records))


def _form_of(value: Any) -> _Form:
    # Most records are flat and alike, so that a form is what it takes to look a shape up.
    if isinstance(value, dict):
        kinds: tuple[_Form | None, ...] = tuple(map(_SCALARS.get, map(type, value.values())))
        if None in kinds:
            kinds = tuple(map(_form_of, value.values()))
        return ("object", tuple(value), kinds)
    if isinstance(value, list):
        return ("array", frozenset(map(_form_of, value)))
    return _SCALARS.get(type(value), "string")


def _shape_of_form(form: _Form) -> Shape:
    return tuple(sorted(set(_walk("", form))))[:MOST_FIELDS]


_remembered_shape = lru_cache(maxsize=512)(_shape_of_form)


def _walk(path: str, form: _Form) -> Iterable[tuple[str, str]]:
    match form:
        case str():
            yield path, form
        case ("array", inner):
            yield path, "array"
            for each in inner:
                yield from _walk(f"{path}[]", each)
        case (kind, names, inner):
            if path:
                yield path, kind
            for key, each in zip(names, inner, strict=True):
                name = storable_name(key)
                yield from _walk(f"{path}.{name}" if path else name, each)


def storable_name(name: str) -> str:
    """A field's name as both databases can keep it, cut where no real name would be that long."""
    return escaped(name[:LONGEST_NAME])


def _solid(kinds: Iterable[str]) -> frozenset[str]:
    return frozenset(kinds) - {NULL}


def _text(kinds: Iterable[str]) -> str:
    return "|".join(sorted(kinds)) or NULL


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)

"""Schema drift: what fields an upstream's records have, and how that differs from what was known. Pure.

A field is a path into a record (`quotes.USD.price`, `platforms[]`, a CSV column) with the kinds of value seen there.
Null says nothing about a field's kind.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from db.drift import Change, KnownFields
from db.text import escaped
from etl.types import Shape

MOST_FIELDS = 1000
LONGEST_NAME = 100
NULL = "null"
_KINDS = {bool: "boolean", int: "number", float: "number", str: "string", type(None): NULL}


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
    return tuple(sorted(set(_walk("", value))))[:MOST_FIELDS]


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


def _walk(path: str, value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        if path:
            yield path, "object"
        for key, inner in value.items():
            name = storable_name(key)
            yield from _walk(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list):
        yield path, "array"
        for inner in value:
            yield from _walk(f"{path}[]", inner)
    else:
        yield path, _KINDS.get(type(value), "string")


def storable_name(name: str) -> str:
    """A field's name as both databases can keep it, cut where no real name would be that long."""
    return escaped(name[:LONGEST_NAME])


def _solid(kinds: Iterable[str]) -> frozenset[str]:
    return frozenset(kinds) - {NULL}


def _text(kinds: Iterable[str]) -> str:
    return "|".join(sorted(kinds)) or NULL


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)

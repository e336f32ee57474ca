"""Functions generated to build answers out of rows.

The source of each is one expression. What comes from the document are the names of the answer's fields, which go in as
string literals (`repr`); nothing else of a document is ever part of the source.
"""

from binascii import b2a_base64
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from graphql import GraphQLObjectType, get_named_type
from strawberry.types import get_object_definition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from db.keyset import Page
from graphql_schema import raw_record, run, scalars
from graphql_schema.asset import Asset
from graphql_schema.coin import Coin, CoinAsset
from graphql_schema.plans.selection import Selected, Selections, Unplanned
from graphql_schema.price_point import PricePoint
from graphql_schema.raw_record import RawRecord
from graphql_schema.stats import Stats

_TOTAL = "count(total)"
_OF_CURSORS = "page.cursor"
_CURSOR_OF = f"{_OF_CURSORS}("
Row = Any
# What belongs to each of the rows, by what it is found by: one value of the row, or several.
Children = dict[Any, Any]


class Made(NamedTuple):
    """A value that is not what is stored: Python's for it, and the columns that it is made of."""

    expression: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type whose objects are rows: its name, and the columns of those fields that are columns.

    Rows begin with the `leading` columns. What is `made` is worked out of columns. What is `below` has rows of its own,
    and is found by these columns; what is `beside` is an object of the same row.
    """

    name: str
    columns: Mapping[str, str]
    leading: tuple[str, ...] = ()
    made: Mapping[str, Made] = field(default_factory=dict)
    below: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    beside: Mapping[str, "Kind"] = field(default_factory=dict)


class Child(NamedTuple):
    """What is selected below an object, and where in its row is what it is found by."""

    selected: Selected
    places: tuple[int, ...]

    def keys(self, rows: Iterable[Row]) -> list[Any]:
        """What the children of the rows are found by, each once."""
        if len(self.places) == 1:
            [place] = self.places
            return list(dict.fromkeys(row[place] for row in rows))
        return list(dict.fromkeys(tuple(row[place] for place in self.places) for row in rows))


@dataclass(frozen=True, slots=True)
class Node:
    """Objects of a kind as they are selected. Columns and children are found as expressions are made."""

    kind: Kind
    text_times: bool
    columns: list[str] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.columns.extend(name for name in self.kind.leading if name not in self.columns)

    def expression(self, selections: Selections, selected: Selected, type_: GraphQLObjectType | None = None) -> str:
        """Python's for the object of the row `r`. Raises Unplanned."""
        found = selections.below(selected, type_)
        return _object((each.key, self._value(selections, each)) for each in found)

    def _value(self, selections: Selections, selected: Selected) -> str:
        if selected.name == "__typename":
            return repr(self.kind.name)
        if selected.name in self.kind.below:
            places = tuple(map(self._place, self.kind.below[selected.name]))
            self.children.append(Child(selected, places))
            return f"children[{len(self.children) - 1}][{', '.join(f'r[{place}]' for place in places)}]"
        if selected.name in self.kind.beside:
            return replace(self, kind=self.kind.beside[selected.name]).expression(selections, selected)
        if selected.name in self.kind.made:
            made = self.kind.made[selected.name]
            return made.expression.format(*(f"r[{self._place(column)}]" for column in made.columns))
        if selected.name not in self.kind.columns or selected.field is None:
            raise Unplanned
        place = f"r[{self._place(self.kind.columns[selected.name])}]"
        type_name = get_named_type(selected.field.type).name
        if type_name == "ID":
            return _global_id(self.kind.name, place)
        return _moment(place) if type_name == "DateTime" and self.text_times else place

    def _place(self, column: str) -> int:
        if column not in self.columns:
            self.columns.append(column)
        return self.columns.index(column)

    def builder(self, expression: str) -> Callable[[Row, list[Children]], Any]:
        """A function for one row."""
        return _function("r, children", expression)


@dataclass(frozen=True, slots=True)
class ConnectionShape:
    """A page of nodes as it is selected: what has to be read for it, and the function that builds it."""

    node: Node
    build: Callable[[Page, int, list[Children]], dict[str, Any]]
    counted: bool
    with_cursors: bool


def records_shape(
    type_name: str, columns: Sequence[str], times: Collection[str], *, text_times: bool
) -> Callable[[Sequence[Row]], list[dict[str, Any]]]:
    """A function from rows that begin with these columns, the id first, to objects under the columns' names."""
    values = [(name, f"r[{place}]") for place, name in enumerate(columns)]
    found = [(name, _moment(value) if text_times and name in times else value) for name, value in values[1:]]
    return _function("rows", f"[{_object([(columns[0], _global_id(type_name, 'r[0]')), *found])} for r in rows]")


def connection_shape(selections: Selections, selected: Selected, node: Node) -> ConnectionShape:
    """Raises Unplanned."""
    type_name = selections.type_of(selected).name
    source = _object(
        (each.key, _of_connection(selections, each, node, type_name)) for each in selections.below(selected)
    )
    # No name in GraphQL has a parenthesis or a point, so these are what was put in here.
    return ConnectionShape(node, _function("page, total, children", source), _TOTAL in source, _OF_CURSORS in source)


def _of_connection(selections: Selections, selected: Selected, node: Node, type_name: str) -> str:
    match selected.name:
        case "__typename":
            return repr(type_name)
        case "totalCount":
            return _TOTAL
        case "nodes":
            return f"[{node.expression(selections, selected)} for r in page.rows]"
        case "edges":
            return _edges(selections, selected, node)
        case "pageInfo":
            type_ = selections.type_of(selected).name
            return _object((each.key, _of_page(each, type_)) for each in selections.below(selected))
    raise Unplanned


def _edges(selections: Selections, selected: Selected, node: Node) -> str:
    type_name = selections.type_of(selected).name
    values, rows = [], "r in page.rows"
    for each in selections.below(selected):
        match each.name:
            case "cursor":
                values.append((each.key, "cursor"))
                rows = f"r, cursor in zip(page.rows, {_OF_CURSORS}s())"
            case "node":
                values.append((each.key, node.expression(selections, each)))
            case "__typename":
                values.append((each.key, repr(type_name)))
            case _:
                raise Unplanned
    return f"[{_object(values)} for {rows}]"


def _of_page(selected: Selected, type_name: str) -> str:
    found = {
        "hasNextPage": "page.has_next",
        "hasPreviousPage": "page.has_previous",
        "startCursor": f"{_CURSOR_OF}page.rows[0]) if page.rows else None",
        "endCursor": f"{_CURSOR_OF}page.rows[-1]) if page.rows else None",
        "__typename": repr(type_name),
    }.get(selected.name)
    if found is None:
        raise Unplanned
    return found


def _global_id(type_name: str, place: str) -> str:
    """As `ids.encode` makes it, without a call for each row."""
    return f"base64(b'{type_name}:%d' % {place}, newline=False).decode()"


def _moment(place: str) -> str:
    """A time as JSON has it: SQLite's text, where it is one, with microseconds only where there are any."""
    return f"({place}.replace('.000000Z', 'Z') if type({place}) is str else {place})"


def _object(values: Any) -> str:
    return "{" + ", ".join(f"{key!r}: {value}" for key, value in values) + "}"


def _function(parameters: str, expression: str) -> Callable[..., Any]:
    surroundings = {
        "base64": b2a_base64, "count": scalars.count, "loads": orjson.loads, "payload": raw_record.payload_of,
        "progress": run.progress, "duration": _duration,
    }  # fmt: skip
    made: Callable[..., Any] = eval(f"lambda {parameters}: {expression}", surroundings)  # noqa: S307  see above
    return made


def _stored(type_: type) -> dict[str, str]:
    """The columns of those fields of a type that have no resolver, by the fields' names in the graph."""
    found = get_object_definition(type_, strict=True).fields
    return {_name(each): each.python_name for each in found if each.base_resolver is None}


def _name(field: StrawberryField) -> str:
    return field.graphql_name or to_camel_case(field.python_name)


def _duration(started_at: Any, finished_at: Any) -> int | None:
    """As `run.duration_ms`, of times that may be SQLite's text."""
    return run.duration_ms(_parsed(started_at), _parsed(finished_at))


def _parsed(moment: Any) -> datetime | None:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment


def _counts(*names: str) -> dict[str, Made]:
    return {to_camel_case(name): Made("count({})", (name,)) for name in names}


ASSET = Kind(
    "Asset",
    _stored(Asset),
    ("id",),
    below={"history": ("id",), "coin": ("id",), "raw": ("source", "record_id"), "lastRun": ("run_id",)},
)
COIN = Kind("Coin", _stored(Coin), ("id",), below={"assets": ("id",)})
# A membership begins with its asset's id, and goes on with columns of both.
MEMBER = Kind(
    "CoinAsset",
    _stored(CoinAsset),
    ("id",),
    made={
        "evidence": Made("loads({})", ("evidence",)),
        "linkedBy": Made("('manual' if {} else 'automatic')", ("manual",)),
        "fresh": Made("bool({})", ("fresh",)),
    },
    beside={"asset": ASSET},
)
POINT = Kind("PricePoint", _stored(PricePoint))
RAW = Kind(
    "RawRecord",
    _stored(RawRecord),
    ("id",),
    made={"payload": Made("payload({}, {})", ("payload", "header"))},
    below={"run": ("run_id",)},
)
# The names of enumerated values are the stored words in capitals.
RUN = Kind(
    "Run",
    {**_stored(run.Run), "startedAt": "run_started_at", "finishedAt": "run_finished_at"},
    ("id",),
    made={
        **{name: Made("{}.upper()", (name,)) for name in ("mode", "trigger", "status")},
        **_counts("records_processed", "inserted", "updated", "unchanged", "stale", "missing", "quarantined"),
        "total": Made("(None if {0} is None else count({0}))", ("total",)),
        "progressPercent": Made("progress({}, {}, {})", ("total", "start_position", "records_processed")),
        "injectedFailure": Made("bool({})", ("injected_failure",)),
        "durationMs": Made("duration({}, {})", ("run_started_at", "run_finished_at")),
    },
)
# One row, of everything.
STATS = Kind(
    "Stats",
    _stored(Stats),
    made=_counts("asset_count", "raw_count", "run_count", "succeeded", "failed", "records_processed"),
)

"""Functions generated to build answers out of rows.

The source of each is one expression. What comes from the document are the names of the answer's fields, which go in as
string literals (`repr`); nothing else of a document is ever part of the source.
"""

from binascii import b2a_base64
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from graphql import GraphQLObjectType, get_named_type
from strawberry.types import get_object_definition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from db.keyset import Page
from graphql_schema import scalars
from graphql_schema.asset import Asset
from graphql_schema.coin import Coin, CoinAsset
from graphql_schema.plans.selection import Selected, Selections, Unplanned
from graphql_schema.price_point import PricePoint

_TOTAL = "count(total)"
_CURSOR_OF = "page.cursor("
Row = Any
# What belongs to each of the rows, by the id that the row begins with.
Children = dict[int, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type whose objects are rows: its name, and the columns of those fields that are columns.

    `made` has Python's for the values that are not what is stored. What is `below` has rows of its own; what is
    `beside` is an object of the same row.
    """

    name: str
    columns: Mapping[str, str]
    leading: tuple[str, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)
    below: frozenset[str] = frozenset()
    beside: Mapping[str, "Kind"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """Objects of a kind as they are selected. Columns and children are found as expressions are made."""

    kind: Kind
    text_times: bool
    columns: list[str] = field(default_factory=list)
    children: list[Selected] = field(default_factory=list)

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
            self.children.append(selected)
            return f"children[{len(self.children) - 1}][r[0]]"
        if selected.name in self.kind.beside:
            return replace(self, kind=self.kind.beside[selected.name]).expression(selections, selected)
        if selected.name not in self.kind.columns or selected.field is None:
            raise Unplanned
        place = f"r[{self._place(self.kind.columns[selected.name])}]"
        if selected.name in self.kind.made:
            return self.kind.made[selected.name].format(place)
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
    # No name in GraphQL has a parenthesis, so these are what was put in here.
    return ConnectionShape(node, _function("page, total, children", source), _TOTAL in source, _CURSOR_OF in source)


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
    values = []
    for each in selections.below(selected):
        match each.name:
            case "cursor":
                values.append((each.key, f"{_CURSOR_OF}r)"))
            case "node":
                values.append((each.key, node.expression(selections, each)))
            case "__typename":
                values.append((each.key, repr(type_name)))
            case _:
                raise Unplanned
    return f"[{_object(values)} for r in page.rows]"


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
    surroundings = {"base64": b2a_base64, "count": scalars.count, "loads": orjson.loads}
    made: Callable[..., Any] = eval(f"lambda {parameters}: {expression}", surroundings)  # noqa: S307  see above
    return made


def _stored(type_: type) -> dict[str, str]:
    """The columns of those fields of a type that have no resolver, by the fields' names in the graph."""
    found = get_object_definition(type_, strict=True).fields
    return {_name(each): each.python_name for each in found if each.base_resolver is None}


def _name(field: StrawberryField) -> str:
    return field.graphql_name or to_camel_case(field.python_name)


ASSET = Kind("Asset", _stored(Asset), ("id",), below=frozenset(("history", "coin")))
COIN = Kind("Coin", _stored(Coin), ("id",), below=frozenset(("assets",)))
# A membership begins with its asset's id, and goes on with columns of both.
MEMBER = Kind(
    "CoinAsset",
    {**_stored(CoinAsset), "linkedBy": "manual"},
    ("id",),
    made={"evidence": "loads({})", "linkedBy": "('manual' if {} else 'automatic')", "fresh": "bool({})"},
    beside={"asset": ASSET},
)
POINT = Kind("PricePoint", _stored(PricePoint))

"""What an operation costs: how many fields its answer can have, told before it is executed.

A connection counts the fields of its nodes once for each row that is asked for, any other list once for each entry
it is expected to have. Unknown names are left to validation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_composite_type,
    is_list_type,
    visit,
)

from graphql_schema.measure import Fragments, selections
from graphql_schema.pagination import DEFAULT_SIZE, MAX_SIZE

# Lists that are not paged are short: sources, reasons, anomalies, the assets of a coin.
SHORT_LIST = 5
# The lists of introspection are compared with those of the usual introspection query only.
LIST_OF_THE_SCHEMA = 10
_ROWS = {"edges", "nodes"}
_PAGE = {"first", "last"}
_LISTED = "ids"
_SIZES = _PAGE | {_LISTED}


@dataclass(frozen=True, slots=True)
class Cost:
    """`fixed` and, inside a connection, `per_row`; `looking` is what introspection costs."""

    fixed: int = 0
    per_row: int = 0
    looking: int = 0

    def beside(self, other: "Cost") -> "Cost":
        return Cost(self.fixed + other.fixed, self.per_row + other.per_row, self.looking + other.looking)


def cost_of(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments, variables: Mapping[str, Any]
) -> Cost:
    """The cost of an operation without circles among its fragments. `variables` are not checked yet."""
    defaults = {node.variable.name.value: node.default_value for node in operation.variable_definitions or ()}
    root = schema.get_root_type(operation.operation)
    return _Costs(schema, fragments, variables, defaults).of(operation.selection_set, root)


def sizing_variables(document: DocumentNode) -> tuple[str, ...]:
    """The variables that say how long lists are."""
    found: dict[str, None] = {}

    class OfSizes(Visitor):
        def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
            if node.name.value in _SIZES and isinstance(node.value, VariableNode):
                found[node.value.name.value] = None

    visit(document, OfSizes())
    return tuple(found)


class _Costs:
    def __init__(
        self, schema: GraphQLSchema, fragments: Fragments, variables: Mapping[str, Any], defaults: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._defaults = defaults
        self._known: dict[str, Cost] = {}

    def of(self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Cost:
        cost = Cost()
        for node in selections(selection_set):
            cost = cost.beside(self._of_selection(node, parent))
        return cost

    def _of_selection(self, node: SelectionNode, parent: GraphQLNamedType | None) -> Cost:
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set, self._named(node.type_condition) or parent)
        assert isinstance(node, FieldNode)  # noqa: S101  there are no others
        return self._of_field(node, parent)

    def _of_fragment(self, name: str) -> Cost:
        if name not in self._known:
            fragment = self._fragments.get(name)
            self._known[name] = (
                self.of(fragment.selection_set, self._named(fragment.type_condition)) if fragment else Cost()
            )
        return self._known[name]

    def _named(self, condition: NamedTypeNode | None) -> GraphQLNamedType | None:
        return self._schema.get_type(condition.name.value) if condition else None

    def _of_field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Cost:
        field = self._field(node.name.value, parent)
        inner = self.of(node.selection_set, get_named_type(field.type) if field else None)
        if node.name.value in {"__schema", "__type"}:
            return Cost(looking=inner.fixed)
        if field is None:
            return Cost(1 + inner.fixed)
        if _PAGE & field.args.keys():
            return Cost(1 + inner.fixed + self._page_size(node) * inner.per_row)
        if node.name.value in _ROWS and _is_connection(parent):
            return Cost(1, per_row=inner.fixed)
        if parent is not None and parent.name.startswith("__"):
            return Cost(1 + (LIST_OF_THE_SCHEMA if _is_list_of_objects(field) else 1) * inner.fixed)
        return Cost(1 + self._length(node, field) * inner.fixed)

    def _field(self, name: str, parent: GraphQLNamedType | None) -> GraphQLField | None:
        if name in {"__schema", "__type"}:
            return self._schema.get_field(self._schema.query_type, name) if self._schema.query_type else None
        return parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None

    def _page_size(self, node: FieldNode) -> int:
        sizes = [self._integer(argument.value) for argument in node.arguments or () if argument.name.value in _PAGE]
        return max((size for size in sizes if size is not None), default=DEFAULT_SIZE)

    def _integer(self, value: object) -> int | None:
        """How many rows a value asks for, None where it leaves that open. What is no number is refused later."""
        if isinstance(value, VariableNode):
            name = value.name.value
            if name not in self._variables:
                return self._integer(self._defaults.get(name))
            value = self._variables[name]
        if isinstance(value, IntValueNode):
            value = int(value.value[:9])
        if isinstance(value, float) and value.is_integer():
            # Execution takes 100.0 for 100 (GraphQL section 3.5.1).
            value = int(value)
        return min(max(value, 1), MAX_SIZE) if isinstance(value, int) else None

    def _length(self, node: FieldNode, field: GraphQLField) -> int:
        """How many entries a field can bring that is not paged: as many as ids were given, or few."""
        if not _is_list_of_objects(field):
            return 1
        lengths = [self._entries(argument.value) for argument in node.arguments or () if argument.name.value == _LISTED]
        return max(lengths, default=SHORT_LIST)

    def _entries(self, value: object) -> int:
        if isinstance(value, VariableNode):
            value = self._variables.get(value.name.value, self._defaults.get(value.name.value))
        if isinstance(value, ListValueNode):
            return len(value.values)
        return len(value) if isinstance(value, list) else 1


def _is_connection(parent: GraphQLNamedType | None) -> bool:
    return parent is not None and parent.name.endswith("Connection")


def _is_list_of_objects(field: GraphQLField) -> bool:
    unwrapped = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    return is_list_type(unwrapped) and is_composite_type(get_named_type(unwrapped))

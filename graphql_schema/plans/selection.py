"""What is selected, as graphql-core collects it: fragments spread, what is skipped left out, repetitions merged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from graphql_schema.context import selected_names
from graphql_schema.measure import Fragments


class Unplanned(Exception):
    """This is for graphql-core to answer."""


class Selected(NamedTuple):
    """One field of an object: the name it has in the answer, and its nodes, which have the same arguments."""

    key: str
    name: str
    field: GraphQLField | None
    details: FieldDetailsList

    @property
    def node(self) -> FieldNode:
        return self.details[0].node


@dataclass(frozen=True)
class Selections:
    """Reads the selections of one operation. `variables` decide what is skipped."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Fragments
    variables: VariableValues

    def at_root(self) -> Iterator[Selected]:
        root = self.schema.query_type
        if root is None:
            raise Unplanned
        return self._of(root, collect_fields(self.schema, self._spread(), self.variables, root, self.operation)[0])

    def below(self, selected: Selected, type_: GraphQLObjectType | None = None) -> Iterator[Selected]:
        """The fields of an object that the field brings, of this type or the field's own."""
        type_ = type_ or self.type_of(selected)
        found = collect_subfields(self.schema, self._spread(), self.variables, self.operation, type_, selected.details)
        return self._of(type_, found[0])

    def type_of(self, selected: Selected) -> GraphQLObjectType:
        """The type of the objects that a field brings."""
        found = get_named_type(selected.field.type) if selected.field else None
        if not isinstance(found, GraphQLObjectType):
            raise Unplanned
        return found

    def names_below(self, selected: Selected) -> frozenset[str]:
        """As `Info.selected`: dotted names, with what is skipped."""
        return selected_names([detail.node for detail in selected.details], self.fragments)

    def _spread(self) -> dict[str, FragmentDetails]:
        return {name: FragmentDetails(node) for name, node in self.fragments.items()}

    def _of(self, type_: GraphQLObjectType, grouped: Mapping[str, FieldDetailsList]) -> Iterator[Selected]:
        for key, details in grouped.items():
            name = details[0].node.name.value
            yield Selected(key, name, type_.fields.get(name), details)


def deciding_variables(document: DocumentNode) -> tuple[str, ...]:
    """The variables that decide what is skipped or included."""
    found: dict[str, None] = {}

    class InDirectives(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    found[argument.value.name.value] = None

    visit(document, InDirectives())
    return tuple(found)

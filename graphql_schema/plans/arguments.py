"""Arguments as a resolver would get them."""

from collections.abc import Iterable
from typing import Any, Protocol

from graphql import (
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_scalar_type,
)
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from graphql_schema.plans.selection import Selected, Unplanned


class Strawberry(Protocol):
    """Strawberry's schema, as far as plans need it."""

    @property
    def graphql(self) -> GraphQLSchema: ...

    @property
    def schema_converter(self) -> GraphQLCoreConverter: ...

    @property
    def config(self) -> StrawberryConfig: ...


class Arguments:
    """The arguments of one field of a document."""

    def __init__(self, schema: Strawberry, selected: Selected) -> None:
        if selected.field is None:
            raise Unplanned
        self._schema = schema
        self._field = selected.field
        self._node = selected.node
        declared: StrawberryField = self._field.extensions["strawberry-definition"]
        self._declared = declared.arguments
        name_of = schema.config.name_converter.from_argument
        self._python_names = {name_of(argument): argument.python_name for argument in self._declared}
        self._scalars = {name for name, each in self._field.args.items() if is_scalar_type(get_named_type(each.type))}
        nodes = self._node.arguments or ()
        self.are_fixed = not _any_variable(argument.value for argument in nodes)
        variables = {each.name.value: each.value.name.value for each in nodes if isinstance(each.value, VariableNode)}
        self._python_names_of = [(self._python_names[name], variable) for name, variable in variables.items()]
        self._are_variables = len(variables) == len(nodes) and all(map(self._is_open, self._field.args))

    def _is_open(self, name: str) -> bool:
        """Whether an argument is what a variable is, and nothing without one."""
        declared = self._field.args[name]
        return name in self._scalars and declared.default is None and declared.default_value is Undefined

    def resolved(self, variables: VariableValues) -> dict[str, Any]:
        """Their values by their names in Python; those that are not given are not there. Raises GraphQLError."""
        if self._are_variables:
            values = variables.coerced
            found = {name: values[variable] for name, variable in self._python_names_of if variable in values}
            # Where null must not be, only graphql-core says so.
            if None not in found.values():
                return found
        return self._resolved_by_core(variables)

    def _resolved_by_core(self, variables: VariableValues) -> dict[str, Any]:
        given = get_argument_values(self._field, self._node, variables)
        if given.keys() <= self._scalars:
            # Scalars are what they are, and the most frequent arguments by far.
            return {self._python_names[name]: value for name, value in given.items()}
        return convert_arguments(
            given,
            self._declared,
            scalar_registry=self._schema.schema_converter.scalar_registry,
            config=self._schema.config,
        )


def _any_variable(values: Iterable[ValueNode]) -> bool:
    return any(
        isinstance(value, VariableNode)
        or (isinstance(value, ListValueNode) and _any_variable(value.values))
        or (isinstance(value, ObjectValueNode) and _any_variable(field.value for field in value.fields))
        for value in values
    )

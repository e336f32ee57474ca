"""Variables as execution takes them."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLID, GraphQLSchema, GraphQLString, OperationDefinitionNode, get_nullable_type
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values

from graphql_schema.plans.selection import Unplanned

_TEXTS = (GraphQLID, GraphQLString)


class Coercion:
    """Takes the variables of one operation. Texts are what they are, and the most frequent variables by far."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._definitions = operation.variable_definitions or ()
        signatures = [get_variable_signature(schema, definition) for definition in self._definitions]
        self._texts = {
            each.name: each
            for each in signatures
            if isinstance(each, GraphQLVariableSignature) and get_nullable_type(each.type) in _TEXTS
        }
        self._are_texts = len(self._texts) == len(signatures)

    def __call__(self, given: Mapping[str, Any]) -> VariableValues:
        """The variables' values. Raises Unplanned for those that execution would refuse."""
        if not self._are_texts:
            return self._by_core(given)
        found = VariableValues({}, {})
        for name, signature in self._texts.items():
            value = given.get(name)
            if type(value) is not str:
                return self._by_core(given)
            found.sources[name] = VariableValueSource(signature, value)
            found.coerced[name] = value
        return found

    def _by_core(self, given: Mapping[str, Any]) -> VariableValues:
        found = get_variable_values(self._schema, self._definitions, dict(given))
        if isinstance(found, list):
            raise Unplanned
        return found

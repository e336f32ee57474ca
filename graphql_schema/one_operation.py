"""A document with several operations is only carried out when the request names one of them (GraphQL section 6.1)."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension


class OneOperation(SchemaExtension):
    """Refuses to guess which of several operations is meant."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        definitions = context.graphql_document.definitions if context.graphql_document else ()
        operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
        # The public `operation_name` falls back to the first operation's, which is the guess to be avoided.
        asked_for = context._provided_operation_name  # noqa: SLF001
        if asked_for is None and len(operations) > 1:
            message = f"the document holds {len(operations)} operations; say which one in operationName"
            context.pre_execution_errors = [GraphQLError(message, operations[1])]
        yield

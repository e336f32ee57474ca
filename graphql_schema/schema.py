"""The schema, with its limits and its errors."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import partial
from typing import Any, cast

import strawberry
from graphql import GraphQLError, GraphQLSchema, NoSchemaIntrospectionCustomRule
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graphql_schema import errors
from graphql_schema.asset import Asset
from graphql_schema.checkpoint import Checkpoint
from graphql_schema.coin import Coin
from graphql_schema.context import Context, Info
from graphql_schema.documents import Documents, Judge
from graphql_schema.drift import DriftEvent
from graphql_schema.limits import DEFAULT_LIMITS, Limits
from graphql_schema.mutation import Mutation
from graphql_schema.plans.answers import Answers
from graphql_schema.quarantine import QuarantinedRecord
from graphql_schema.query import Query
from graphql_schema.raw_record import RawRecord
from graphql_schema.run import Run
from graphql_schema.scalars import SCALARS
from graphql_schema.source import Source
from graphql_schema.subscription import Subscription

_OF_ONE_RESULT = {OperationType.QUERY, OperationType.MUTATION}


class Schema(strawberry.Schema):
    """A schema whose errors are fit to be shown: without `hints` they name nothing that was not asked for."""

    hints = True
    answers: Answers

    @property
    def graphql(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        return self._schema

    def process_errors(
        self, errors_found: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        # A result exists once the document was accepted and executed.
        executing = execution_context is not None and execution_context.result is not None
        for error in errors_found:
            errors.present(error, executing=executing)
            if not self.hints:
                errors.withhold_hints(error)

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Carry out a query or mutation. Raises InvalidOperationTypeError for a subscription: see `results`."""
        allowed = set(_OF_ONE_RESULT if allowed_operation_types is None else allowed_operation_types) & _OF_ONE_RESULT
        return await super().execute(
            query, variable_values, context_value, root_value, operation_name, allowed, operation_extensions
        )

    async def results(
        self, query: str, context: Context, variables: dict[str, Any] | None, operation_name: str | None
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Carry out an operation of any kind: one result of a query or mutation, any number of a subscription.

        A PreExecutionError is a result, too, the only one. Nothing but that is raised.
        """
        try:
            stream = await self.stream(query, variables, context, operation_name=operation_name)
            async with aclosing(stream) as results:
                async for result in results:
                    # Of other kinds there are only those of incremental delivery, which is off.
                    yield cast("ExecutionResult", result)
        except Exception as error:
            # What the cached parser finds is not caught in there, as it is for `execute`.
            found = error if isinstance(error, GraphQLError) else GraphQLError("", original_error=error)
            self.process_errors([found])
            yield PreExecutionError(data=None, errors=[found])


def build_schema(limits: Limits = DEFAULT_LIMITS, *, introspection: bool = True) -> Schema:
    """The schema, which holds every operation to `limits`."""
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Asset, Checkpoint, Coin, DriftEvent, QuarantinedRecord, RawRecord, Run, Source],
        config=StrawberryConfig(scalar_map=SCALARS, info_class=Info),
    )
    documents = Documents(schema.graphql, limits, () if introspection else (NoSchemaIntrospectionCustomRule,))
    # What introspection does not tell must not be guessed from mistakes either.
    schema.hints = introspection
    schema.extensions = (partial(Judge, documents),)
    schema.answers = Answers(schema, documents)
    return schema


def print_sdl() -> str:
    """The schema in GraphQL's schema definition language."""
    return print_schema(build_schema()) + "\n"

"""The schema, with its limits and its errors."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import partial
from typing import Any, cast

import strawberry
from graphql import ASTValidationRule, GraphQLError, NoSchemaIntrospectionCustomRule
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, ValidationCache
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
from graphql_schema.drift import DriftEvent
from graphql_schema.limits import Limits, limit_rule
from graphql_schema.mutation import Mutation
from graphql_schema.one_operation import OneOperation
from graphql_schema.quarantine import QuarantinedRecord
from graphql_schema.query import Query
from graphql_schema.raw_record import RawRecord
from graphql_schema.run import Run
from graphql_schema.scalars import SCALARS
from graphql_schema.source import Source
from graphql_schema.subscription import Subscription

CACHED_DOCUMENTS = 256
_OF_ONE_RESULT = {OperationType.QUERY, OperationType.MUTATION}


class Schema(strawberry.Schema):
    """A schema whose errors are fit to be shown."""

    def process_errors(
        self, errors_found: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        # A result exists once the document was accepted and executed.
        executing = execution_context is not None and execution_context.result is not None
        for error in errors_found:
            errors.present(error, executing=executing)

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


def build_schema(
    *,
    max_depth: int = 12,
    max_aliases: int = 50,
    max_fields: int = 1000,
    max_tokens: int = 3000,
    max_cost: int = 100_000,
    introspection: bool = True,
) -> Schema:
    """The schema. Limits are per document: depth of nesting, aliases, selected fields, tokens and cost."""
    # Rules are made once: cached validations are found again by the identity of the rules.
    rules: list[type[ASTValidationRule]] = [limit_rule(Limits(max_depth, max_aliases, max_fields, max_cost))]
    if not introspection:
        rules.append(NoSchemaIntrospectionCustomRule)
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Asset, Checkpoint, Coin, DriftEvent, QuarantinedRecord, RawRecord, Run, Source],
        config=StrawberryConfig(scalar_map=SCALARS, info_class=Info),
        extensions=[
            partial(MaxTokensLimiter, max_token_count=max_tokens),
            partial(AddValidationRules, rules),
            partial(ParserCache, maxsize=CACHED_DOCUMENTS),
            partial(ValidationCache, maxsize=CACHED_DOCUMENTS),
            OneOperation,  # behind the cache, which would take its finding back
        ],
    )


def print_sdl() -> str:
    """The schema in GraphQL's schema definition language."""
    return print_schema(build_schema()) + "\n"

"""The schema, with its limits and its errors."""

from functools import partial

import strawberry
from graphql import ASTValidationRule, GraphQLError, NoSchemaIntrospectionCustomRule
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graphql_schema import errors
from graphql_schema.asset import Asset
from graphql_schema.checkpoint import Checkpoint
from graphql_schema.coin import Coin
from graphql_schema.context import Info
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

CACHED_DOCUMENTS = 256


class Schema(strawberry.Schema):
    """A schema whose errors are fit to be shown."""

    def process_errors(
        self, errors_found: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        # A result exists once the document was accepted and executed.
        executing = execution_context is not None and execution_context.result is not None
        for error in errors_found:
            errors.present(error, executing=executing)


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

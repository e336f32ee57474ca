"""Documents on their way to execution: parsed, measured and validated once, priced each time.

Measuring comes before validation, whose rules can be made to take minutes; and nothing is executed before all of it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_introspection_query,
    get_operation_ast,
    parse,
    recommended_rules,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from graphql_schema.cost import Cost, cost_of, sizing_variables
from graphql_schema.limits import Limits, too_much
from graphql_schema.measure import Fragments, fragments_of, refusals
from graphql_schema.places import Places
from graphql_schema.time_limit import TimeLimit

KEPT = 256
# Of each document, by the sizes that its variables ask for.
PRICES_KEPT = 256
# Introspection may ask for this many times what tools ask for.
_LOOKS = 2
# An operation that costs more than this part of the limit waits until no other such operation is carried out.
_DEAR_SHARE = 0.1
_NOT_GIVEN = object()


@dataclass(frozen=True, slots=True)
class Price:
    """What an operation costs, in words for `extensions` as well; whether that is dear, or too much altogether."""

    told: Mapping[str, Any]
    dear: bool
    refusal: GraphQLError | None


@dataclass(slots=True)
class Document:
    """A document that was parsed, what is wrong with it, and what was found out about it since.

    `sizing` are the variables that its cost depends on; `planned` is what `plans` keeps of its operations, by name.
    """

    ast: DocumentNode
    fragments: Fragments
    errors: list[GraphQLError]
    sizing: tuple[str, ...]
    prices: dict[Any, Price] = field(default_factory=dict)
    planned: dict[str | None, Any] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of this name; without one, the only one."""
        return get_operation_ast(self.ast, name)


class Documents:
    """The documents of one schema, the last ones of which are kept."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, rules: tuple[type[ASTValidationRule], ...] = ()) -> None:
        self.limits = limits
        self.places = Places(limits.concurrent)
        self.time_limit = TimeLimit(limits.seconds)
        self._schema = schema
        self._rules = (*specified_rules, *recommended_rules, *rules)
        self._judging = asyncio.Lock()
        self._kept: OrderedDict[str, Document] = OrderedDict()
        tools = get_introspection_query(specified_by_url=True, schema_description=True, input_value_deprecation=True)
        self._most_looking = _LOOKS * self._cost(_known(parse(tools)), None, {}).looking

    async def read(self, text: str) -> Document:
        """The document. Raises GraphQLSyntaxError, also for too many bytes or tokens."""
        if text not in self._kept:
            # One unknown document at a time: between two of them everything else gets its turn.
            async with self._judging:
                await asyncio.sleep(0)
                self._kept[text] = self._judged(text)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(text)
        return self._kept[text]

    def known(self, text: str) -> Document | None:
        """The document, if it is among those that are kept."""
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
        return found

    def _judged(self, text: str) -> Document:
        found = _known(
            parse(text, max_source_length=self.limits.bytes, max_lexical_tokens=self.limits.tokens,
                  max_comments=self.limits.tokens)
        )  # fmt: skip
        found.errors.extend(refusals(found.ast, self.limits) or validate(self._schema, found.ast, self._rules))
        return found

    def price(self, document: Document, operation_name: str | None, variables: Mapping[str, Any]) -> Price:
        """What an operation costs; nothing if there is none of that name."""
        key: Any = operation_name
        if document.sizing:
            key = (operation_name, *[_size(variables.get(name, _NOT_GIVEN)) for name in document.sizing])
        found = document.prices.get(key)
        if found is None:
            if len(document.prices) == PRICES_KEPT:
                document.prices.clear()
            found = document.prices[key] = self._price(self._cost(document, operation_name, variables))
        return found

    def _cost(self, document: Document, operation_name: str | None, variables: Mapping[str, Any]) -> Cost:
        operation = document.operation(operation_name)
        return cost_of(self._schema, operation, document.fragments, variables) if operation else Cost()

    def _price(self, cost: Cost) -> Price:
        refusal = self.limits.refusal("cost", cost.fixed)
        if cost.looking > self._most_looking:
            refusal = too_much("cost of introspection", cost.looking, self._most_looking)
        return Price(
            told={"cost": {"requested": cost.fixed, "limit": self.limits.cost}},
            dear=cost.fixed > _DEAR_SHARE * self.limits.cost or cost.looking > 0,
            refusal=refusal,
        )


class Judge(SchemaExtension):
    """Lets an operation through, with its cost in `extensions`, or not."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._document: Document | None = None
        self._price: Price | None = None

    async def on_parse(self) -> AsyncIterator[None]:
        context = self.execution_context
        self._document = await self._documents.read(context.query or "")
        context.graphql_document = self._document.ast
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        document, variables = self._document, context.variables or {}
        assert document is not None  # noqa: S101  parsing came before
        asked_for = context._provided_operation_name  # noqa: SLF001  the public one guesses
        errors = _guess(document, asked_for) or document.errors
        if not errors:
            self._price = self._documents.price(document, asked_for, variables)
            refusals = (self._price.refusal, self._documents.limits.refusal_of_variables(variables))
            errors = [refusal for refusal in refusals if refusal]
        context.pre_execution_errors = list(errors)
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        kind = self.execution_context.operation_type
        if kind is OperationType.SUBSCRIPTION:
            # It may last for days; its connection is counted instead.
            yield
            return
        dear = self._price is not None and self._price.dear
        async with self._documents.places.taken(dear=dear):
            if kind is OperationType.MUTATION:
                # It is not cut off half-way.
                yield
                return
            limit = self._documents.time_limit
            try:
                with limit.held():
                    yield
            except TimeoutError:
                raise timed_out(limit.seconds) from None

    def get_results(self) -> dict[str, Any]:
        return {} if self._price is None else dict(self._price.told)


def _known(ast: DocumentNode) -> Document:
    return Document(ast, fragments_of(ast), [], sizing_variables(ast))


def _size(value: object) -> object:
    """What makes a difference to the cost: numbers, and the lengths of lists."""
    return value if isinstance(value, int | float) else (type(value), len(value) if isinstance(value, list) else 0)


def _guess(document: Document, operation_name: str | None) -> list[GraphQLError]:
    """A document with several operations is only carried out when the request names one (GraphQL section 6.1)."""
    operations = [node for node in document.ast.definitions if isinstance(node, OperationDefinitionNode)]
    if operation_name is not None or len(operations) < 2:
        return []
    message = f"the document holds {len(operations)} operations; say which one in operationName"
    return [GraphQLError(message, operations[1])]


def timed_out(seconds: float) -> GraphQLError:
    """The error of an operation that took too long."""
    message = f"took longer than {seconds:g} s; ask for fewer rows or fields"
    return GraphQLError(message, extensions={"code": "TIMEOUT"})

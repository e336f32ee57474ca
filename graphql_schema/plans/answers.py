"""From a request to its answer in JSON, by way of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from graphql import GraphQLError, OperationDefinitionNode
from graphql.execution.values import VariableValues

from db.direct import NotDirect
from db.engine import Database
from db.errors import DatabaseError, HistoryForgotten, InvalidCursor
from db.filters import BadFilter
from graphql_schema.documents import Document, Documents, Price, timed_out
from graphql_schema.plans.arguments import Strawberry
from graphql_schema.plans.plan import Plan, plan
from graphql_schema.plans.selection import Unplanned, deciding_variables
from graphql_schema.plans.variables import Coercion

PLANS_PER_OPERATION = 32
_LACKS = {"TOO_BUSY", "TIMEOUT"}
# What graphql-core meets in the same way, and puts into words, or reads in its own way.
_LEFT_TO_CORE = (GraphQLError, InvalidCursor, BadFilter, HistoryForgotten, DatabaseError, NotDirect, Unplanned)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer in JSON; `lacking` where there was no place or no time to find more out."""

    body: bytes
    lacking: bool = False


class Answers:
    """Answers what it has plans for; they are kept with their documents."""

    def __init__(self, schema: Strawberry, documents: Documents) -> None:
        self._schema = schema
        self._documents = documents

    async def answer(
        self, text: str, operation_name: str | None, variables: Mapping[str, Any], database: Database
    ) -> Answer | None:
        """None where graphql-core has to answer, be it with data or with what is wrong."""
        document = self._documents.known(text)
        operation = None if document is None or document.errors else self._operation(document, operation_name)
        if document is None or operation is None:
            return None
        price = self._documents.price(document, operation_name, variables)
        if price.refusal or self._documents.limits.refusal_of_variables(variables):
            return None
        try:
            values = operation.coerced(variables)
            found = operation.plan(values, text_times=database.is_sqlite)
            data = await self._carried_out(found, price, values, database)
            return Answer(orjson.dumps({"data": data, "extensions": price.told}, option=orjson.OPT_UTC_Z))
        except GraphQLError as error:
            if (error.extensions or {}).get("code") not in _LACKS:
                return None
            return Answer(orjson.dumps({"errors": [error.formatted], "extensions": price.told}), lacking=True)
        except _LEFT_TO_CORE:
            return None
        except Exception:
            _log.exception("graphql.plan_failed")
            return None

    def _operation(self, document: Document, name: str | None) -> "_Operation | None":
        found: _Operation | None = document.planned.get(name)
        if found is None and (node := document.operation(name)) is not None:
            found = document.planned[name] = _Operation(self._schema, document, node)
        return found

    async def _carried_out(
        self, found: Plan, price: Price, values: VariableValues, database: Database
    ) -> dict[str, Any]:
        limit = self._documents.time_limit
        async with self._documents.places.taken(dear=price.dear):
            try:
                with limit.held():
                    return await found.run(database, values)
            except TimeoutError:
                raise timed_out(limit.seconds) from None


class _Operation:
    """One operation of a document, and its plans: one for all variables that decide the same about what is skipped."""

    def __init__(self, schema: Strawberry, document: Document, node: OperationDefinitionNode) -> None:
        self.coerced = Coercion(schema.graphql, node)
        self._schema = schema
        self._node = node
        self._fragments = document.fragments
        self._deciding = deciding_variables(document.ast)
        self._plans: dict[Any, Plan | None] = {}

    def plan(self, values: VariableValues, *, text_times: bool) -> Plan:
        """Raises Unplanned."""
        key: Any = text_times
        if self._deciding:
            key = (text_times, *[values.coerced.get(name) for name in self._deciding])
        if key not in self._plans:
            if len(self._plans) == PLANS_PER_OPERATION:
                self._plans.clear()
            self._plans[key] = plan(self._schema, self._node, self._fragments, values, text_times=text_times)
        found = self._plans[key]
        if found is None:
            raise Unplanned
        return found

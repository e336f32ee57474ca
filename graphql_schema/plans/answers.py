"""From a request to its answer in JSON, by way of a plan."""

import asyncio
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
from graphql_schema.cost import Cost
from graphql_schema.documents import Document, Documents, timed_out
from graphql_schema.plans.arguments import Strawberry
from graphql_schema.plans.plan import Plan, coerced, plan
from graphql_schema.plans.selection import Unplanned, deciding_variables

PLANS_PER_DOCUMENT = 32
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
        operation = None if document is None or document.errors else document.operation(operation_name)
        if document is None or operation is None:
            return None
        cost = self._documents.cost(document, operation_name, variables)
        if self._documents.refusals(document, cost, variables):
            return None
        told = {"cost": {"requested": cost.fixed, "limit": self._documents.limits.cost}}
        try:
            values = coerced(self._schema.graphql, operation, variables)
            found = self._plan(document, operation_name, operation, values, database.is_sqlite)
            data = await self._carried_out(found, cost, values, database)
            return Answer(orjson.dumps({"data": data, "extensions": told}, option=orjson.OPT_UTC_Z))
        except GraphQLError as error:
            if (error.extensions or {}).get("code") not in _LACKS:
                return None
            return Answer(orjson.dumps({"errors": [error.formatted], "extensions": told}), lacking=True)
        except _LEFT_TO_CORE:
            return None
        except Exception:
            _log.exception("graphql.plan_failed")
            return None

    def _plan(
        self,
        document: Document,
        operation_name: str | None,
        operation: OperationDefinitionNode,
        values: VariableValues,
        text_times: bool,
    ) -> Plan:
        if document.deciding is None:
            document.deciding = deciding_variables(document.ast)
        decided = [values.coerced.get(name) for name in document.deciding]
        key = (operation_name, text_times, *decided)
        if key not in document.plans:
            if len(document.plans) == PLANS_PER_DOCUMENT:
                document.plans.clear()
            document.plans[key] = plan(self._schema, operation, document.fragments, values, text_times=text_times)
        found: Plan | None = document.plans[key]
        if found is None:
            raise Unplanned
        return found

    async def _carried_out(self, found: Plan, cost: Cost, values: VariableValues, database: Database) -> dict[str, Any]:
        limits = self._documents.limits
        async with self._documents.places.taken(dear=self._documents.is_dear(cost)):
            try:
                async with asyncio.timeout(limits.seconds):
                    return await found.run(database, values)
            except TimeoutError:
                raise timed_out(limits.seconds) from None

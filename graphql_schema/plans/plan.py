"""A query worked out: what to read, and how the answer is built of it."""

import asyncio
from typing import Any

from graphql import OperationDefinitionNode, OperationType
from graphql.execution.values import VariableValues

from db.engine import Database
from graphql_schema.measure import Fragments
from graphql_schema.plans.arguments import Strawberry
from graphql_schema.plans.below import Planning
from graphql_schema.plans.parts import PARTS, Part, Run
from graphql_schema.plans.selection import Selections, Unplanned

# Of more, graphql-core's loaders read several in one statement.
MOST_PARTS = 4


class Plan:
    """Carries out one operation with any variables that skip and include the same."""

    def __init__(self, schema: Strawberry, selections: Selections, *, text_times: bool) -> None:
        """Raises Unplanned."""
        planning = Planning(schema, selections, text_times)
        self._parts: dict[str, Part] = {}
        # What is the same each time: the type's name, and at first nothing where a part's value will be.
        self._data: dict[str, Any] = {}
        for selected in selections.at_root():
            self._data[selected.key] = "Query" if selected.name == "__typename" else None
            if selected.name in PARTS and len(self._parts) < MOST_PARTS:
                self._parts[selected.key] = PARTS[selected.name](planning, selected)
            elif selected.name != "__typename":
                raise Unplanned
        self._bound: dict[str, Run] = {}

    async def run(self, database: Database, variables: VariableValues) -> dict[str, Any]:
        """The answer's data. Raises whatever is wrong with the request, or with the database."""
        # What is wrong with one of them is wrong before anything is read.
        bound = [(key, self._bound.get(key) or self._bind(key, database, variables)) for key in self._parts]
        data = self._data.copy()
        for key, run in bound:
            # SQLite's reads wait for nothing: others, and the time limit, get their turn before each part.
            if database.is_sqlite:
                await asyncio.sleep(0)
            data[key] = await run(database)
        return data

    def _bind(self, key: str, database: Database, variables: VariableValues) -> Run:
        part = self._parts[key]
        found = part.bind(database, variables)
        if part.is_fixed:
            self._bound[key] = found
        return found


def plan(
    schema: Strawberry,
    operation: OperationDefinitionNode,
    fragments: Fragments,
    variables: VariableValues,
    *,
    text_times: bool,
) -> Plan | None:
    """The operation's plan; None where it has none."""
    if operation.operation is not OperationType.QUERY:
        return None
    try:
        return Plan(schema, Selections(schema.graphql, operation, fragments, variables), text_times=text_times)
    except Unplanned:
        return None

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
        self._parts: dict[str, Part | str] = {}
        for selected in selections.at_root():
            if selected.name == "__typename":
                self._parts[selected.key] = "Query"
            elif (part := PARTS.get(selected.name)) is not None and len(self._parts) < MOST_PARTS:
                self._parts[selected.key] = part(planning, selected)
            else:
                raise Unplanned
        self._bound: dict[str, Run] = {}

    async def run(self, database: Database, variables: VariableValues) -> dict[str, Any]:
        """The answer's data. Raises whatever is wrong with the request, or with the database."""
        bound = {key: self._bind(key, part, database, variables) for key, part in self._parts.items()}
        return {key: part if isinstance(part, str) else await _in_turn(part, database) for key, part in bound.items()}

    def _bind(self, key: str, part: Part | str, database: Database, variables: VariableValues) -> Run | str:
        if isinstance(part, str):
            return part
        if not part.is_fixed:
            return part.bind(database, variables)
        if key not in self._bound:
            self._bound[key] = part.bind(database, variables)
        return self._bound[key]


async def _in_turn(part: Run, database: Database) -> Any:
    """A part's value. SQLite's reads wait for nothing: others, and the time limit, get their turn before each part."""
    if database.is_sqlite:
        await asyncio.sleep(0)
    return await part(database)


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

"""How much a request may ask for. All of it is checked before anything is executed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from graphql_schema.errors import bad_input

_NESTING = frozenset({dict, list})


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a request may have; docs/limits.md says what counts as what, and why these numbers."""

    bytes: int = 100_000
    tokens: int = 3000
    depth: int = 12
    aliases: int = 50
    directives: int = 50
    fields: int = 1000
    repeats: int = 2000
    cost: int = 100_000
    variables: int = 5000
    nesting: int = 32
    seconds: float = 10.0
    concurrent: int = 16

    def refusal(self, what: str, found: int) -> GraphQLError | None:
        """The error to answer with when there is more of something than its limit."""
        most: int = getattr(self, what)
        return too_much(what, found, most) if found > most else None

    def refusal_of_variables(self, variables: Mapping[str, Any] | None) -> GraphQLError | None:
        """What is wrong with the size or the depth of the variables' JSON, if anything."""
        if not variables or (len(variables) <= self.variables and _NESTING.isdisjoint(map(type, variables.values()))):
            return None
        level: list[object] = [variables]
        found = 0
        for _ in range(self.nesting + 1):
            level = [value for container in level for value in _inside(container)]
            found += len(level)
            if not level or found > self.variables:
                return bad_input(refusal.message) if (refusal := self.refusal("variables", found)) else None
        return bad_input(f"the variables are nested too deeply: at most {self.nesting} levels")


def too_much(what: str, found: int, most: int) -> GraphQLError:
    return GraphQLError(f"too much: {what} is {found}, at most {most}")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


DEFAULT_LIMITS = Limits()

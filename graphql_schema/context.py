"""What a resolver gets to work with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import strawberry
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from db.engine import Database
from graphql_schema.caller import Caller
from graphql_schema.loaders import Loaders
from graphql_schema.operations import Operations
from graphql_schema.run_feed import Leaving, RunFeed


@dataclass(slots=True)
class Context:
    """One operation's surroundings.

    Subscriptions end when `leaving` is done; everything else goes to its end whoever has left.
    """

    database: Database
    operations: Operations
    feed: RunFeed
    loaders: Loaders
    caller: Caller
    leaving: Leaving | None = None

    @classmethod
    def of(
        cls,
        database: Database,
        operations: Operations,
        feed: RunFeed,
        caller: Caller,
        *,
        leaving: Leaving | None = None,
    ) -> Self:
        """A context for one request: loaders remember what they read, so they must not live longer."""
        return cls(database, operations, feed, Loaders(database), caller, leaving)

    def forget(self) -> None:
        """Forget what loaders remember: each event of a subscription is answered from the database as it is then."""
        self.loaders = Loaders(self.database)


class Info(strawberry.Info[Context, None]):
    """Strawberry's resolver information, with a cheap look at what was selected."""

    def selected(self, depth: int = 2) -> frozenset[str]:
        """Dotted names of the fields selected below this one, such as `pageInfo` and `pageInfo.endCursor`.

        Fields that @skip or @include take away are included.
        """
        return selected_names(self._raw_info.field_nodes, self._raw_info.fragments, depth)


def selected_names(
    nodes: Iterable[FieldNode], fragments: Mapping[str, FragmentDefinitionNode], depth: int = 2
) -> frozenset[str]:
    """As `Info.selected`, of these nodes of a field."""
    found: set[str] = set()
    for node in nodes:
        found.update(_names(node.selection_set, fragments, "", depth, set()))
    return frozenset(found)


def _names(
    selection_set: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    prefix: str,
    depth: int,
    seen: set[tuple[str, str]],
) -> Iterator[str]:
    if selection_set is None or depth == 0:
        return
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            name = prefix + node.name.value
            yield name
            yield from _names(node.selection_set, fragments, f"{name}.", depth - 1, seen)
        elif isinstance(node, FragmentSpreadNode):
            # The same fragment at the same place says nothing new, and may be spread very often.
            if (place := (prefix, node.name.value)) not in seen:
                seen.add(place)
                yield from _names(fragments[node.name.value].selection_set, fragments, prefix, depth, seen)
        elif isinstance(node, InlineFragmentNode):
            yield from _names(node.selection_set, fragments, prefix, depth, seen)

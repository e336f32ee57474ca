"""Limits on documents, checked before anything is executed, in time linear in the document's length.

The cost of a document is the number of fields its answer can have: a connection's selection counts once for each
row it asks for.

A fragment is measured once, however often it is spread: fragments that double each other would otherwise make
a short document take exponential time to measure.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

from graphql_schema.pagination import DEFAULT_SIZE, MAX_SIZE

# The usual introspection query reaches 14 levels below `__schema`.
INTROSPECTION_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a document may have."""

    depth: int
    aliases: int
    fields: int
    cost: int


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0

    def beside(self, other: "_Size") -> "_Size":
        return _Size(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.fields + other.fields,
            self.cost + other.cost,
        )


def limit_rule(limits: Limits) -> type[ValidationRule]:
    """A validation rule that holds documents to the limits. Make it once: validation is cached by its identity."""

    class WithinLimits(ValidationRule):
        def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
            size = _Measure(self.context).of(node.selection_set)
            for what in ("depth", "aliases", "fields", "cost"):
                found, most = getattr(size, what), getattr(limits, what)
                if found > most:
                    self.context.report_error(GraphQLError(f"too much: {what} is {found}, at most {most}", node))

    return WithinLimits


class _Measure:
    """Measures selections of one document, spread fragments included."""

    def __init__(self, context: ValidationContext) -> None:
        self._context = context
        self._fragments: dict[str, _Size] = {}

    def of(self, selection_set: SelectionSetNode | None) -> _Size:
        size = _Size()
        for node in _selections(selection_set):
            if isinstance(node, FieldNode):
                inner = self.of(node.selection_set)
                own = _Size(
                    _depth(node, inner),
                    inner.aliases + (node.alias is not None),
                    inner.fields + 1,
                    1 + _page_size(node) * inner.cost,
                )
            elif isinstance(node, FragmentSpreadNode):
                own = self._of_fragment(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                own = self.of(node.selection_set)
            size = size.beside(own)
        return size

    def _of_fragment(self, name: str) -> _Size:
        if name not in self._fragments:
            # Holds while the fragment is measured: one that spreads itself is refused by another rule.
            self._fragments[name] = _Size()
            fragment: FragmentDefinitionNode | None = self._context.get_fragment(name)
            self._fragments[name] = self.of(fragment.selection_set if fragment else None)
        return self._fragments[name]


def _depth(field: FieldNode, inner: _Size) -> int:
    """How deep a field reaches; looking at the schema is flat, as long as it goes no deeper than tools do."""
    if field.name.value.startswith("__") and inner.depth <= INTROSPECTION_DEPTH:
        return 1
    return inner.depth + 1


def _page_size(field: FieldNode) -> int:
    """How many rows a field can bring: what it asks for, the most for a variable, the default for a connection."""
    for argument in field.arguments or ():
        if argument.name.value in {"first", "last"}:
            value = argument.value
            asked = int(value.value[:9]) if isinstance(value, IntValueNode) else MAX_SIZE
            return min(max(asked, 1), MAX_SIZE)
    names = {node.name.value for node in _selections(field.selection_set) if isinstance(node, FieldNode)}
    return DEFAULT_SIZE if names & {"edges", "nodes"} else 1


def _selections(selection_set: SelectionSetNode | None) -> Iterable[object]:
    return selection_set.selections if selection_set is not None else ()

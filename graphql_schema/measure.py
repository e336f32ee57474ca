"""How large a document is, told from its text alone: before validation, which can be slow on purpose.

A fragment is measured once, however often it is spread: fragments that double each other would otherwise make
a short document take exponential time to measure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Token,
    TokenKind,
)

from graphql_schema.limits import Limits, too_much

# The usual introspection query reaches 14 levels below `__schema`.
INTROSPECTION_DEPTH = 16
# Fragments are validated one by one, each with all that it spreads: this many times the fields of one operation.
_DEFINITIONS = 10
# Python refuses to read integers of more than 4300 digits; nothing of ours needs a tenth of that.
LONGEST_NUMBER = 400

_NUMBERS = {TokenKind.INT, TokenKind.FLOAT}
Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Size:
    """What a selection set holds, spread fragments included. `fields` counts spreads and inline fragments, too."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0

    def beside(self, other: "Size") -> "Size":
        return Size(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.fields + other.fields,
        )


def fragments_of(document: DocumentNode) -> Fragments:
    """The document's fragments by name."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def refusals(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Why a document is too large to be looked at any further; empty when it is not."""
    if number := _long_number(document):
        return [GraphQLError(f"too long: a number of {len(number.value or '')} digits, at most {LONGEST_NUMBER}")]
    measure = _Measure(fragments_of(document))
    fields = 0
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
            size = measure.of(node.selection_set, len(node.directives or ()))
            if found := [*_beyond(size, limits, node), *measure.circles]:
                return found
            fields += size.fields
            if fields > (most := _DEFINITIONS * limits.fields):
                return [too_much("fields of all definitions", fields, most)]
            if refusal := limits.refusal("repeats", _repeats([node.selection_set], measure.fragments)):
                return [refusal]
    return []


def _long_number(document: DocumentNode) -> Token | None:
    token = document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind in _NUMBERS and len(token.value or "") > LONGEST_NUMBER:
            return token
        token = token.next
    return None


def _beyond(size: Size, limits: Limits, node: OperationDefinitionNode | FragmentDefinitionNode) -> list[GraphQLError]:
    # What a fragment adds to depth is counted where it is spread.
    what = ("aliases", "directives", "fields", *(["depth"] if isinstance(node, OperationDefinitionNode) else []))
    found = [limits.refusal(name, getattr(size, name)) for name in what]
    return [GraphQLError(refusal.message, node) for refusal in found if refusal]


class _Measure:
    def __init__(self, fragments: Fragments) -> None:
        self.fragments = fragments
        self.circles: list[GraphQLError] = []
        self._measured: dict[str, Size] = {}
        self._entered: set[str] = set()

    def of(self, selection_set: SelectionSetNode | None, directives: int = 0) -> Size:
        size = Size(directives=directives)
        for node in selections(selection_set):
            size = size.beside(self._of_selection(node))
        return size

    def _of_selection(self, node: SelectionNode) -> Size:
        directives = len(node.directives or ())
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node).beside(Size(directives=directives, fields=1))
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set, directives).beside(Size(fields=1))
        assert isinstance(node, FieldNode)  # noqa: S101  there are no others
        inner = self.of(node.selection_set, directives)
        return Size(_depth(node, inner), inner.aliases + (node.alias is not None), inner.directives, inner.fields + 1)

    def _of_fragment(self, spread: FragmentSpreadNode) -> Size:
        name = spread.name.value
        if name in self._entered:
            self.circles.append(GraphQLError(f"Cannot spread fragment '{name}' within itself", spread))
            return Size()
        if name not in self._measured:
            self._entered.add(name)
            fragment = self.fragments.get(name)
            self._measured[name] = self.of(fragment.selection_set if fragment else None)
            self._entered.remove(name)
        return self._measured[name]


def _depth(field: FieldNode, inner: Size) -> int:
    """How deep a field reaches; looking at the schema is flat, as long as it goes no deeper than tools do."""
    if field.name.value.startswith("__") and inner.depth <= INTROSPECTION_DEPTH:
        return 1
    return inner.depth + 1


def _repeats(together: Sequence[SelectionSetNode], fragments: Fragments) -> int:
    """How many pairs of fields have the same name in an answer, and so must be compared.

    `together` are selection sets that become one object. Call it for documents without circles and with few fields.
    """
    named: dict[str, list[FieldNode]] = defaultdict(list)
    for field in _spread_out(together, fragments):
        named[(field.alias or field.name).value].append(field)
    repeats = 0
    for fields in named.values():
        inside = [field.selection_set for field in fields if field.selection_set]
        repeats += len(fields) * (len(fields) - 1) // 2 + (_repeats(inside, fragments) if inside else 0)
    return repeats


def _spread_out(together: Iterable[SelectionSetNode | None], fragments: Fragments) -> Iterator[FieldNode]:
    for selection_set in together:
        for node in selections(selection_set):
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from _spread_out([node.selection_set], fragments)
            elif isinstance(node, FragmentSpreadNode) and (fragment := fragments.get(node.name.value)):
                yield from _spread_out([fragment.selection_set], fragments)


def selections(selection_set: SelectionSetNode | None) -> Sequence[SelectionNode]:
    """What is selected; nothing where there is no selection set."""
    return selection_set.selections if selection_set is not None else ()

"""Pages of lists in the order of their sort keys, as statements compiled once for all of their shape."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, false

from db import filters, keyset
from db.direct import Direct, NotDirect
from db.filters import Condition, Every, Fields
from db.keyset import AnySelect, Key, Ordering, Slice, Term
from db.prepared import Prepared, slot

Columns = tuple[str, ...]
Row = Sequence[Any]
# The statement, and what goes into its slots.
Filled = tuple[Prepared, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Walk:
    """A list to be walked through: the query for all of its rows, and what tells it from other lists."""

    shape: Hashable
    fields: Fields
    condition: Condition | None
    ordering: Ordering
    select: Callable[[], AnySelect]

    def page(self, direct: Direct, wanted: Slice) -> list[Filled]:
        """The statements for a page, to be tried in turn. Raises InvalidCursor and BadFilter."""
        after, before = keyset.keys(self.ordering, wanted)
        values: dict[str, Any] = {"offset": wanted.offset}
        condition = None if self.condition == Every(()) else self.condition
        held = condition and filters.with_slots(self.fields, condition, values)
        places = (_places("after", after, values), _places("before", before, values))
        skipping: Any = slot("offset", BigInteger()) if wanted.offset else 0
        part = Slice(wanted.limit, wanted.backward, offset=skipping)
        terms = self.ordering.all_terms

        def build(terms: tuple[Term, ...], *within: ColumnElement[bool]) -> AnySelect:
            query = self.select().where(*within)
            if held is not None:
                query = query.where(filters.to_sql(self.fields, held))
            found = keyset.in_order(query, terms, part, *(_key(place, self.ordering.all_terms) for place in places))
            return self.select().where(false()) if found is None else found

        shape = (self.shape, held, wanted.limit, wanted.backward, wanted.offset > 0, places)
        statements = [direct.statement(shape, lambda: build(terms))]
        lead, *others = terms
        begins_known = after is None or after[0] is not None
        if held is None and lead.nullable and not wanted.backward and begins_known:
            # Unknown values come last: most pages of a whole list never get there, and are a plain walk over an index.
            known = (Term(lead.column, lead.descending), *others)
            walk = direct.statement((*shape, "known"), lambda: build(known, lead.column.is_not(None)))
            statements.insert(0, walk)
        return [(each, values) for each in statements]


async def rows(direct: Direct, statements: Sequence[Filled], wanted: Slice) -> Sequence[Row]:
    """What the first of the statements finds that fills the page, or else the last. Raises NotDirect."""
    if not statements:
        raise NotDirect
    found: Sequence[Row] = ()
    for each in statements:
        found = await direct.fetch(*each)
        if len(found) > wanted.limit:
            break
    return found


def _places(name: str, key: Key | None, values: dict[str, Any]) -> tuple[str | None, ...] | None:
    """The key's shape: the names of the slots its values go into, None where a value is null."""
    if key is None:
        return None
    names = tuple(None if value is None else f"{name}{n}" for n, value in enumerate(key))
    values.update({slotted: value for slotted, value in zip(names, key, strict=True) if slotted is not None})
    return names


def _key(places: tuple[str | None, ...] | None, terms: Sequence[Term]) -> Key | None:
    if places is None:
        return None
    return tuple(name and slot(name, term.column.type) for name, term in zip(places, terms, strict=True))

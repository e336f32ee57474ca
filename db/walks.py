"""Pages of lists in the order of their sort keys, as statements compiled once for all of their shape."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, false

from db import filters, keyset
from db.asking import EVERYTHING, Asking, Clause
from db.direct import Direct, NotDirect
from db.engine import Database
from db.filters import Condition, Every, Fields
from db.keyset import AnySelect, Classes, Key, Ordering, Page, Slice, Term
from db.prepared import Prepared, slot

Columns = tuple[str, ...]
Row = Sequence[Any]
# The statement, and what goes into its slots.
Filled = tuple[Prepared, dict[str, Any]]
# The names of the slots that a key's values go into, None where a value is null; None without a key.
Places = tuple[str | None, ...] | None


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
        part = self._part(wanted, after, before)
        statements = [direct.statement(part.shape, part.build)]
        lead, *others = part.terms
        begins_known = after is None or after[0] is not None
        if part.held is None and lead.nullable and not wanted.backward and begins_known:
            # Unknown values come last: most pages of a whole list never get there, and are a plain walk over an index.
            terms = (Term(lead.column, lead.descending), *others)
            known = replace(part, terms=terms, within=Clause("known", lambda: lead.column.is_not(None)))
            statements.insert(0, direct.statement(known.shape, known.build))
        return [(each, part.values) for each in statements]

    async def found(self, asks: Asking, wanted: Slice, within: Clause, classes: Sequence[Classes]) -> Sequence[Row]:
        """The rows of a page in the direction of travel, and one more if there is one, of what is found: by classes,
        or else all that the clause holds for. Raises InvalidCursor and BadFilter."""
        after, before = keyset.keys(self.ordering, wanted)

        async def of_class(
            condition: Clause, number: int | None, wanted: Slice, after: Key | None, before: Key | None
        ) -> Sequence[Row]:
            return await self._part(wanted, after, before, condition, number).read(asks)

        if classes:
            return await keyset.by_class(classes, wanted, after, before, of_class)
        return await of_class(within, None, wanted, after, before)

    def _part(
        self,
        wanted: Slice,
        after: Key | None,
        before: Key | None,
        within: Clause = EVERYTHING,
        number: int | None = None,
    ) -> "_Part":
        values: dict[str, Any] = {**self.ordering.values, **within.values, "offset": wanted.offset}
        condition = None if self.condition == Every(()) else self.condition
        held = condition and filters.with_slots(self.fields, condition, values)
        places = (_places("after", after, values), _places("before", before, values))
        return _Part(self, wanted, held, within, number, places, self.ordering.all_terms, values)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a list as a statement; what goes into its slots are `values`. See `keyset.ReadClass` for `number`."""

    walk: Walk
    wanted: Slice
    held: Condition | None
    within: Clause
    number: int | None
    places: tuple[Places, Places]
    terms: Sequence[Term]
    values: dict[str, Any]

    @property
    def shape(self) -> Hashable:
        wanted = self.wanted
        return (
            self.walk.shape, self.held, self.within.shape, self.number, wanted.limit, wanted.backward,
            wanted.offset > 0, self.places,
        )  # fmt: skip

    def build(self) -> AnySelect:
        whole = self.walk.select()
        query, terms = keyset.of_class(whole, self.terms, self.number)
        if self.within is not EVERYTHING:
            query = query.where(self.within.build())
        if self.held is not None:
            query = query.where(filters.to_sql(self.walk.fields, self.held))
        skipping: Any = slot("offset", BigInteger()) if self.wanted.offset else 0
        part = Slice(self.wanted.limit, self.wanted.backward, offset=skipping)
        found = keyset.in_order(query, terms, part, *(_key(place, terms) for place in self.places))
        return whole.where(false()) if found is None else found

    async def read(self, asks: Asking) -> Sequence[Row]:
        return await asks.rows(self.shape, self.build, self.values)


@dataclass(frozen=True, slots=True)
class WalkRead:
    """A page that takes one statement, to be read any number of times."""

    ordering: Ordering
    wanted: Slice
    filled: Sequence[Filled]

    async def read(self, database: Database) -> Page:
        """Raises NotDirect."""
        return keyset.page_of(await rows(database.direct, self.filled, self.wanted), self.ordering, self.wanted)


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


def _places(name: str, key: Key | None, values: dict[str, Any]) -> Places:
    """The key's shape; its values are put into `values`."""
    if key is None:
        return None
    names = tuple(None if value is None else f"{name}{n}" for n, value in enumerate(key))
    values.update({slotted: value for slotted, value in zip(names, key, strict=True) if slotted is not None})
    return names


def _key(places: Places, terms: Sequence[Term]) -> Key | None:
    if places is None:
        return None
    return tuple(name and slot(name, term.column.type) for name, term in zip(places, terms, strict=True))

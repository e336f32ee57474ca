"""Keyset pagination: pages found by the sort key of their neighbour, at the same cost at any depth.

Nulls come last whatever the direction, and ties are broken by id, ascending whatever the direction. A
nullable leading term is read as two ranges (values, then nulls) joined in one statement, because neither
database can walk an index over `value > x OR value IS NULL` in order. A list whose leading term is a computed class
can be read class by class, each found in its own way, until the page is full.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, UnaryExpression, and_, asc, desc, literal, or_, select, union_all

from db import cursors
from db.aio import AsyncConnection
from db.asking import Clause
from db.cursors import KeyPart

Key = tuple[Any, ...]
AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Term:
    """One sort criterion."""

    column: ColumnElement[Any]
    descending: bool = False
    nullable: bool = False


# Gives the condition that finds certain rows, once they are wanted; None where there are none.
Locate = Callable[[], Awaitable[Clause | None]]


@dataclass(frozen=True, slots=True)
class Classes:
    """The rows whose leading term, a number, lies from `first` to `last`, and how to find just them."""

    first: int
    last: int
    locate: Locate


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a list is sorted. `scope` names the list (order, filter, search): its cursors fit no other.

    With `classes`, which are rising and leave no row out, the list is read one after the other. `values` are what goes
    into slots of the terms.
    """

    terms: tuple[Term, ...]
    id: ColumnElement[int]
    scope: str
    classes: tuple[Classes, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict, compare=False)
    # The criteria up to and including the id, which breaks all ties.
    all_terms: tuple[Term, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        before_id = tuple(takewhile(lambda term: term.column is not self.id, self.terms))
        by_id = self.terms[len(before_id) : len(before_id) + 1]
        object.__setattr__(self, "all_terms", before_id + (by_id or (Term(self.id),)))

    def key_of(self, cursor: str) -> Key:
        """Raises InvalidCursor."""
        parts = [KeyPart.of(term.column.type, nullable=term.nullable) for term in self.all_terms]
        return cursors.decode(self.scope, parts, cursor)


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list is wanted: `limit` rows behind `after`, or (backward) before `before`.

    With both cursors given, rows between them. `offset` skips rows at the side the page starts from; it
    costs what it skips.
    """

    limit: int
    backward: bool = False
    after: str | None = None
    before: str | None = None
    offset: int = 0


# Reads the rows of a class that lie between two keys, by its condition. A number, where the class has only that, leads
# the keys of its rows; it is not part of the two.
ReadClass = Callable[[Clause, int | None, Slice, Key | None, Key | None], Awaitable[Sequence[Any]]]


class Page(NamedTuple):
    """Rows in the list's order, also when the page was taken from its end."""

    rows: Sequence[AnyRow]
    has_next: bool
    has_previous: bool
    ordering: Ordering

    def cursor(self, row: AnyRow) -> str:
        """The cursor of one of this page's rows."""
        [found] = self._cursors([row])
        return found

    def cursors(self) -> list[str]:
        """The cursors of all rows."""
        return self._cursors(self.rows)

    def _cursors(self, rows: Sequence[AnyRow]) -> list[str]:
        encode, width = cursors.encoder(self.ordering.scope), len(self.ordering.all_terms)
        return [encode(row[-width:]) for row in rows]


async def fetch(
    connection: AsyncConnection,
    query: AnySelect,
    ordering: Ordering,
    wanted: Slice,
    *,
    both_ends: bool = True,
    values: Mapping[str, Any] = MappingProxyType({}),
) -> Page:
    """One page of `query` (unordered, its columns named), with `values` in its slots. Raises InvalidCursor.

    Whether there is more in the direction of travel is always exact. The other side costs one more statement
    where a cursor is given; with `both_ends` off it is reported as empty.
    """
    after, before = keys(ordering, wanted)
    listed = _Listed(connection, query, ordering, {**ordering.values, **values})
    rows = await listed.rows(wanted, after, before)
    start = before if wanted.backward else after
    left_behind = wanted.offset > 0
    if both_ends and start is not None:
        left_behind = await listed.left_behind(start, backward=wanted.backward)
    return page_of(rows, ordering, wanted, left_behind=left_behind)


def page_of(rows: Sequence[Any], ordering: Ordering, wanted: Slice, *, left_behind: bool = False) -> Page:
    """The page made of rows in the direction of travel, one more than wanted if there are so many."""
    more = len(rows) > wanted.limit
    if more:
        rows = rows[: wanted.limit]
    if wanted.backward:
        return Page(rows[::-1], has_next=left_behind, has_previous=more, ordering=ordering)
    return Page(rows, has_next=more, has_previous=left_behind, ordering=ordering)


def keys(ordering: Ordering, wanted: Slice) -> tuple[Key | None, Key | None]:
    """The sort keys the page lies between: behind the first, before the second. Raises InvalidCursor."""
    after = ordering.key_of(wanted.after) if wanted.after is not None else None
    before = ordering.key_of(wanted.before) if wanted.before is not None else None
    return after, before


def between(terms: Sequence[Term], after: Key | None, before: Key | None) -> list[ColumnElement[bool]]:
    """The conditions for rows behind `after` and before `before`."""
    given = ((after, False), (before, True))
    return [_beyond(terms, key, backward=backward) for key, backward in given if key is not None]


def sorting(terms: Sequence[Term], *, backward: bool) -> list[ColumnElement[Any]]:
    """ORDER BY for a list, or for the list turned round."""
    return [_direction(term, term.column, backward=backward) for term in terms]


@dataclass(frozen=True, slots=True)
class _Listed:
    """All rows of a query in their order, and where they are read."""

    connection: AsyncConnection
    query: AnySelect
    ordering: Ordering
    values: Mapping[str, Any]

    async def rows(self, wanted: Slice, after: Key | None, before: Key | None) -> Sequence[AnyRow]:
        """The page's rows in the direction of travel, and one more if there is one."""
        ordering = self.ordering
        if not ordering.classes:
            return await self._in_order(self.query, ordering.all_terms, self.values, wanted, after, before)
        return await by_class(ordering.classes, wanted, after, before, self._of_class)

    async def _of_class(
        self, condition: Clause, number: int | None, wanted: Slice, after: Key | None, before: Key | None
    ) -> Sequence[AnyRow]:
        query, terms = of_class(self.query.where(condition.build()), self.ordering.all_terms, number)
        return await self._in_order(query, terms, {**self.values, **condition.values}, wanted, after, before)

    async def _in_order(
        self,
        query: AnySelect,
        terms: Sequence[Term],
        values: Mapping[str, Any],
        wanted: Slice,
        after: Key | None,
        before: Key | None,
    ) -> Sequence[AnyRow]:
        statement = in_order(query, terms, wanted, after, before)
        return (await self.connection.execute(statement, dict(values))).all() if statement is not None else []

    async def left_behind(self, key: Key, *, backward: bool) -> bool:
        """Whether a row lies at the cursor or on its side that the page does not cover."""
        # A step of one beyond the id takes in the cursor's own row.
        step = 1 if self.ordering.all_terms[-1].descending == backward else -1
        place = (*key[:-1], key[-1] + step)
        turned = Slice(limit=0, backward=not backward)
        after, before = (place, None) if backward else (None, place)
        ids_alone = replace(self, query=self.query.with_only_columns(self.ordering.id))
        return bool(await ids_alone.rows(turned, after, before))


async def by_class(
    classes: Sequence[Classes], wanted: Slice, after: Key | None, before: Key | None, read: ReadClass
) -> list[Any]:
    """The rows of a page in the direction of travel, and one more if there is one, from one class after the other as
    long as the page is not full."""
    most = wanted.offset + wanted.limit
    # As many of each class, so that its statement is the same whatever others had.
    part = Slice(most, backward=wanted.backward)
    found: list[Any] = []
    for each in reversed(classes) if wanted.backward else classes:
        if len(found) > most or (after and each.last < after[0]) or (before and each.first > before[0]):
            continue
        condition = await each.locate()
        if condition is None:
            continue
        behind, ahead = (key if key and each.first <= key[0] <= each.last else None for key in (after, before))
        if each.first < each.last:
            found += await read(condition, None, part, behind, ahead)
        else:
            found += await read(condition, each.first, part, behind and behind[1:], ahead and ahead[1:])
    return found[wanted.offset : most + 1]


def of_class(query: AnySelect, terms: Sequence[Term], number: int | None) -> tuple[AnySelect, Sequence[Term]]:
    """The query for the rows of a class, and what they are sorted by: a class's number is the same for all of them."""
    if number is None:
        return query, terms
    return query.add_columns(literal(number).label("key_class")), terms[1:]


def in_order(
    query: AnySelect, terms: Sequence[Term], wanted: Slice, after: Key | None, before: Key | None
) -> AnySelect | None:
    """The statement for a page's rows in the direction of travel, one more than wanted, and behind its columns the
    sort key. None when the keys leave no place for any. What stands in a key may be a parameter instead of a value."""
    keyed = query.add_columns(*(term.column.label(f"key_{n}") for n, term in enumerate(terms)))
    if terms[0].nullable:
        return _in_ranges(keyed, terms, wanted, after, before)
    ordered = keyed.where(*between(terms, after, before)).order_by(*sorting(terms, backward=wanted.backward))
    return ordered.limit(wanted.limit + 1).offset(_skipped(wanted))


def _beyond(terms: Sequence[Term], key: Sequence[Any], *, backward: bool) -> ColumnElement[bool]:
    """Whether a row lies behind (or, backward, before) the place `key`."""
    (term, *others), (value, *rest) = terms, key
    column = term.column
    if value is None:
        tied = and_(column.is_(None), _beyond(others, rest, backward=backward))
        return or_(column.is_not(None), tied) if backward else tied
    rising = term.descending == backward
    strictly: ColumnElement[bool] = column > value if rising else column < value
    if not others:
        return strictly
    tied = _beyond(others, rest, backward=backward)
    if term.nullable:
        found = or_(strictly, and_(column == value, tied))
        return found if backward else or_(found, column.is_(None))
    # The bound on the column alone is what an index can start from.
    return and_(column >= value if rising else column <= value, or_(strictly, tied))


def _direction(term: Term, column: ColumnElement[Any], *, backward: bool) -> ColumnElement[Any]:
    ordered: UnaryExpression[Any] = asc(column) if term.descending == backward else desc(column)
    if not term.nullable:
        return ordered
    return ordered.nulls_first() if backward else ordered.nulls_last()


def _in_ranges(
    query: AnySelect, terms: Sequence[Term], wanted: Slice, after: Key | None, before: Key | None
) -> AnySelect | None:
    """The page as values, then nulls of the leading column; None when the cursors leave no place for either."""
    lead, *others = terms
    values_terms = (Term(lead.column, lead.descending), *others)
    parts = []
    if not (after and after[0] is None):
        behind = before if before and before[0] is not None else None
        conditions = between(values_terms, after, behind)
        parts.append(_part(query.where(lead.column.is_not(None), *conditions), values_terms, wanted))
    if not (before and before[0] is not None):
        conditions = between(others, _tail(after), _tail(before))
        parts.append(_part(query.where(lead.column.is_(None), *conditions), others, wanted))
    if len(parts) < 2:
        return parts[0].offset(_skipped(wanted)) if parts else None
    return _joined(parts, terms, wanted)


def _tail(key: Key | None) -> Key | None:
    """What a cursor says inside the range of nulls: nothing, unless it lies there."""
    return key[1:] if key is not None and key[0] is None else None


def _skipped(wanted: Slice) -> Any:
    """What to skip, a number or a parameter; None for nothing."""
    return None if isinstance(wanted.offset, int) and wanted.offset == 0 else wanted.offset


def _part(query: AnySelect, terms: Sequence[Term], wanted: Slice) -> AnySelect:
    return query.order_by(*sorting(terms, backward=wanted.backward)).limit(wanted.offset + wanted.limit + 1)


def _joined(parts: Sequence[AnySelect], terms: Sequence[Term], wanted: Slice) -> AnySelect:
    """Two ordered ranges as one ordered list."""
    numbered = [select(literal(n).label("part"), *part.subquery().c) for n, part in enumerate(parts)]
    both = union_all(*numbered).subquery()
    part_order = desc(both.c.part) if wanted.backward else asc(both.c.part)
    in_order = [_direction(term, both.c[f"key_{n}"], backward=wanted.backward) for n, term in enumerate(terms)]
    columns = [column for column in both.c if column.name != "part"]
    return select(*columns).order_by(part_order, *in_order).limit(wanted.limit + 1).offset(_skipped(wanted))

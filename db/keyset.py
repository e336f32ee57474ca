"""Keyset pagination: pages found by the sort key of their neighbour, at the same cost at any depth.

Nulls come last whatever the direction, and ties are broken by id, ascending whatever the direction. A
nullable leading term is read as two ranges (values, then nulls) joined in one statement, because neither
database can walk an index over `value > x OR value IS NULL` in order. A list whose leading term is a computed class
can be read class by class, each found in its own way, until the page is full.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, UnaryExpression, and_, asc, desc, literal, or_, select, union_all

from db import cursors
from db.aio import AsyncConnection
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
Locate = Callable[[AsyncConnection], Awaitable[ColumnElement[bool] | None]]


@dataclass(frozen=True, slots=True)
class Classes:
    """The rows whose leading term, a number, lies from `first` to `last`, and how to find just them."""

    first: int
    last: int
    locate: Locate


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a list is sorted. `scope` names the list (order, filter, search): its cursors fit no other.

    With `classes`, which are rising and leave no row out, the list is read one after the other.
    """

    terms: tuple[Term, ...]
    id: ColumnElement[int]
    scope: str
    classes: tuple[Classes, ...] = ()

    @property
    def all_terms(self) -> tuple[Term, ...]:
        """The criteria up to and including the id, which breaks all ties."""
        before_id = tuple(takewhile(lambda term: term.column is not self.id, self.terms))
        by_id = self.terms[len(before_id) : len(before_id) + 1]
        return before_id + (by_id or (Term(self.id),))

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


class Page(NamedTuple):
    """Rows in the list's order, also when the page was taken from its end."""

    rows: Sequence[AnyRow]
    has_next: bool
    has_previous: bool
    ordering: Ordering

    def cursor(self, row: AnyRow) -> str:
        """The cursor of one of this page's rows."""
        width = len(self.ordering.all_terms)
        return cursors.encode(self.ordering.scope, tuple(row)[-width:])

    def cursors(self) -> list[str]:
        """The cursors of all rows."""
        return [self.cursor(row) for row in self.rows]


async def fetch(
    connection: AsyncConnection, query: AnySelect, ordering: Ordering, wanted: Slice, *, both_ends: bool = True
) -> Page:
    """One page of `query` (unordered, its columns named). Raises InvalidCursor.

    Whether there is more in the direction of travel is always exact. The other side costs one more statement
    where a cursor is given; with `both_ends` off it is reported as empty.
    """
    after, before = keys(ordering, wanted)
    rows = await _rows(connection, query, ordering, wanted, after, before)
    start = before if wanted.backward else after
    left_behind = wanted.offset > 0
    if both_ends and start is not None:
        left_behind = await _left_behind(connection, query, ordering, start, backward=wanted.backward)
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


async def _rows(
    connection: AsyncConnection,
    query: AnySelect,
    ordering: Ordering,
    wanted: Slice,
    after: Key | None,
    before: Key | None,
) -> list[AnyRow]:
    """The page's rows in the direction of travel, and one more if there is one."""
    if ordering.classes:
        return await _rows_by_class(connection, query, ordering, wanted, after, before)
    return await _rows_in_order(connection, query, ordering.all_terms, wanted, after, before)


async def _rows_by_class(
    connection: AsyncConnection,
    query: AnySelect,
    ordering: Ordering,
    wanted: Slice,
    after: Key | None,
    before: Key | None,
) -> list[AnyRow]:
    """As `_rows`, from one class after the other as long as the page is not full."""
    lead, *others = ordering.all_terms
    most = wanted.offset + wanted.limit
    found: list[AnyRow] = []
    for each in reversed(ordering.classes) if wanted.backward else ordering.classes:
        if len(found) > most or (after and each.last < after[0]) or (before and each.first > before[0]):
            continue
        condition = await each.locate(connection)
        if condition is None:
            continue
        within = query.where(condition)
        behind, ahead = (key if key and each.first <= key[0] <= each.last else None for key in (after, before))
        part = Slice(most - len(found), backward=wanted.backward)
        if each.first < each.last:
            found += await _rows_in_order(connection, within, (lead, *others), part, behind, ahead)
        else:
            labelled = within.add_columns(literal(each.first).label("key_class"))
            found += await _rows_in_order(
                connection, labelled, others, part, behind and behind[1:], ahead and ahead[1:]
            )
    return found[wanted.offset :]


async def _rows_in_order(
    connection: AsyncConnection,
    query: AnySelect,
    terms: Sequence[Term],
    wanted: Slice,
    after: Key | None,
    before: Key | None,
) -> list[AnyRow]:
    statement = in_order(query, terms, wanted, after, before)
    return list((await connection.execute(statement)).all()) if statement is not None else []


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


async def _left_behind(
    connection: AsyncConnection, query: AnySelect, ordering: Ordering, key: Key, *, backward: bool
) -> bool:
    """Whether a row lies at the cursor or on its side that the page does not cover."""
    # A step of one beyond the id takes in the cursor's own row.
    step = 1 if ordering.all_terms[-1].descending == backward else -1
    place = (*key[:-1], key[-1] + step)
    turned = Slice(limit=0, backward=not backward)
    after, before = (place, None) if backward else (None, place)
    return bool(await _rows(connection, query.with_only_columns(ordering.id), ordering, turned, after, before))


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

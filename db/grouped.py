"""One page for each of many parents (the batches of each run, the history of each asset) in one statement."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, func, select

from db import keyset
from db.aio import AsyncConnection
from db.keyset import AnyRow, AnySelect, Key, Ordering, Page, Slice, Term

OrderingOf = Callable[[int], Ordering]


# The statement for the rows behind the first key and before the second: see `in_order`.
StatementOf = Callable[[Sequence[Term], Key | None, Key | None], AnySelect]


async def fetch(
    connection: AsyncConnection,
    query: AnySelect,
    parent: ColumnElement[int],
    parents: Sequence[int],
    wanted: Slice,
    ordering_of: OrderingOf,
) -> dict[int, Page]:
    """The same slice of each parent's rows. Raises InvalidCursor."""

    def statement(terms: Sequence[Term], after: Key | None, before: Key | None) -> AnySelect:
        within = query.where(parent.in_(parents), *keyset.between(terms, after, before))
        return in_order(within, parent, terms, wanted)

    return await read(connection, statement, parents, wanted, ordering_of)


async def read(
    connection: AsyncConnection,
    statement_of: StatementOf,
    parents: Sequence[int],
    wanted: Slice,
    ordering_of: OrderingOf,
) -> dict[int, Page]:
    """The same slice of each parent's rows, by a statement of the caller's. Raises InvalidCursor.

    The orderings must have the same terms, none of them nullable; their scopes tell the parents' cursors apart,
    so a slice with a cursor fits one parent only. Whether rows were left behind is judged by the cursor alone:
    its own row was there when it was taken.
    """
    orderings = {parent_id: ordering_of(parent_id) for parent_id in parents}
    if not orderings:
        return {}
    places = [keyset.keys(ordering, wanted) for ordering in orderings.values()]
    after, before = places[0]
    terms = next(iter(orderings.values())).all_terms
    rows: dict[int, list[AnyRow]] = defaultdict(list)
    for row in await connection.execute(statement_of(terms, after, before)):
        rows[row.parent].append(row)
    behind = (wanted.before if wanted.backward else wanted.after) is not None
    return {
        parent_id: keyset.page_of(rows[parent_id], ordering, wanted, left_behind=behind)
        for parent_id, ordering in orderings.items()
    }


def in_order(query: AnySelect, parent: ColumnElement[int], terms: Sequence[Term], wanted: Slice) -> AnySelect:
    """The statement for each parent's rows in the direction of travel, one more than wanted; behind their columns come
    `parent`, `place` and the sort key."""
    place = func.row_number().over(partition_by=parent, order_by=keyset.sorting(terms, backward=wanted.backward))
    numbered = query.add_columns(
        parent.label("parent"),
        place.label("place"),
        *(term.column.label(f"key_{n}") for n, term in enumerate(terms)),
    )
    inner = numbered.subquery()
    return select(inner).where(inner.c.place <= wanted.limit + 1).order_by(inner.c.parent, inner.c.place)


async def count(
    connection: AsyncConnection, query: AnySelect, parent: ColumnElement[int], parents: Sequence[int]
) -> dict[int, int]:
    """How many rows each parent has in all, 0 included."""
    counted = query.with_only_columns(parent, func.count()).where(parent.in_(parents)).group_by(parent)
    found = {row[0]: row[1] for row in await connection.execute(counted)}
    return {parent_id: found.get(parent_id, 0) for parent_id in parents}

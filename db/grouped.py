"""One page for each of many parents (the batches of each run, the history of each asset) in one statement."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import keyset
from db.keyset import AnyRow, AnySelect, Ordering, Page, Slice

OrderingOf = Callable[[int], Ordering]


async def fetch(
    connection: AsyncConnection,
    query: AnySelect,
    parent: ColumnElement[int],
    parents: Sequence[int],
    wanted: Slice,
    ordering_of: OrderingOf,
) -> dict[int, Page]:
    """The same slice of each parent's rows. Raises InvalidCursor.

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
    place = func.row_number().over(partition_by=parent, order_by=keyset.sorting(terms, backward=wanted.backward))
    numbered = query.add_columns(
        parent.label("parent"),
        place.label("place"),
        *(term.column.label(f"key_{n}") for n, term in enumerate(terms)),
    )
    inner = numbered.where(parent.in_(list(orderings)), *keyset.between(terms, after, before)).subquery()
    statement = select(inner).where(inner.c.place <= wanted.limit + 1).order_by(inner.c.parent, inner.c.place)
    rows: dict[int, list[AnyRow]] = defaultdict(list)
    for row in await connection.execute(statement):
        rows[row.parent].append(row)
    return {parent_id: _page(rows[parent_id], wanted, ordering) for parent_id, ordering in orderings.items()}


async def count(
    connection: AsyncConnection, query: AnySelect, parent: ColumnElement[int], parents: Sequence[int]
) -> dict[int, int]:
    """How many rows each parent has in all, 0 included."""
    counted = query.with_only_columns(parent, func.count()).where(parent.in_(parents)).group_by(parent)
    found = {row[0]: row[1] for row in await connection.execute(counted)}
    return {parent_id: found.get(parent_id, 0) for parent_id in parents}


def _page(rows: list[AnyRow], wanted: Slice, ordering: Ordering) -> Page:
    more = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    if wanted.backward:
        return Page(rows[::-1], has_next=wanted.before is not None, has_previous=more, ordering=ordering)
    return Page(rows, has_next=more, has_previous=wanted.after is not None, ordering=ordering)

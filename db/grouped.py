"""One page for each of many parents (the batches of each run, the history of each asset) in one statement."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import keyset
from db.keyset import AnyRow, AnySelect, Key, Ordering, Page, Slice

OrderingOf = Callable[[int], Ordering]


async def fetch(
    connection: AsyncConnection,
    query: AnySelect,
    parent: ColumnElement[int],
    wanted: Mapping[int, Slice],
    ordering_of: OrderingOf,
) -> dict[int, Page]:
    """The wanted slice of each parent's rows. Raises InvalidCursor.

    The slices must agree in all but their cursors. All orderings must have the same terms, none of them
    nullable; their scopes tell the parents' cursors apart. Whether rows were left behind is judged by the
    cursor: its own row was there when it was taken.
    """
    if not wanted:
        return {}
    orderings = {parent_id: ordering_of(parent_id) for parent_id in wanted}
    sample = next(iter(wanted.values()))
    limits = {parent_id: keyset.keys(orderings[parent_id], part) for parent_id, part in wanted.items()}
    terms = next(iter(orderings.values())).all_terms
    numbered = query.add_columns(
        parent.label("parent"),
        func.row_number()
        .over(partition_by=parent, order_by=keyset.sorting(terms, backward=sample.backward))
        .label("place"),
        *(term.column.label(f"key_{n}") for n, term in enumerate(terms)),
    ).where(_inside(parent, terms, limits))
    inner = numbered.subquery()
    statement = select(inner).where(inner.c.place <= sample.limit + 1).order_by(inner.c.parent, inner.c.place)
    rows: dict[int, list[AnyRow]] = defaultdict(list)
    for row in await connection.execute(statement):
        rows[row.parent].append(row)
    return {parent_id: _page(rows[parent_id], part, orderings[parent_id]) for parent_id, part in wanted.items()}


async def count(
    connection: AsyncConnection, query: AnySelect, parent: ColumnElement[int], parents: Sequence[int]
) -> dict[int, int]:
    """How many rows each parent has in all, 0 included."""
    counted = query.with_only_columns(parent, func.count()).where(parent.in_(parents)).group_by(parent)
    found = {row[0]: row[1] for row in await connection.execute(counted)}
    return {parent_id: found.get(parent_id, 0) for parent_id in parents}


def _inside(
    parent: ColumnElement[int],
    terms: Sequence[keyset.Term],
    limits: Mapping[int, tuple[Key | None, Key | None]],
) -> ColumnElement[bool]:
    unlimited = [parent_id for parent_id, keys in limits.items() if keys == (None, None)]
    limited = [
        and_(parent == parent_id, *keyset.between(terms, *keys))
        for parent_id, keys in limits.items()
        if keys != (None, None)
    ]
    return or_(parent.in_(unlimited), *limited)


def _page(rows: list[AnyRow], wanted: Slice, ordering: Ordering) -> Page:
    more = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    if wanted.backward:
        return Page(rows[::-1], has_next=wanted.before is not None, has_previous=more, ordering=ordering)
    return Page(rows, has_next=more, has_previous=wanted.after is not None, ordering=ordering)

"""Connections over lists that are only ever added to: runs, quarantine, drift."""

from collections.abc import Callable
from typing import TypeVar

from db.filters import Condition
from db.keyset import AnyRow, Slice
from db.newest_first import NewestFirst
from graphql_schema import pagination
from graphql_schema.context import Info
from graphql_schema.pagination import Connection, Entries

T = TypeVar("T")


async def newest_first(
    info: Info, rows: NewestFirst, condition: Condition | None, wanted: Slice, node_of: Callable[[AnyRow], T]
) -> Connection[T]:
    """The wanted page; read and counted only as far as that is selected."""
    database = info.context.database
    entries: Entries[T] = Entries()
    if pagination.wants_page(info.selected()):
        both_ends = pagination.wants_both_ends(info.selected(), wanted)
        async with database.read() as connection:
            page = await rows.page(connection, condition, wanted, both_ends=both_ends)
        entries = Entries.of(page, [node_of(row) for row in page.rows])

    async def count() -> int:
        async with database.read() as connection:
            return await rows.count(connection, condition)

    return Connection(entries=entries, count=count)

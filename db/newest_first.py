"""Lists of rows that are only ever added to, the newest first: a page, how many, and those with given ids."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, func, select

from db import filters, keyset
from db.aio import AsyncConnection
from db.cursors import INT64
from db.filters import Condition, Field
from db.keyset import AnyRow, Ordering, Page, Slice, Term


@dataclass(frozen=True, slots=True)
class NewestFirst:
    """Such a list. `fields` are what conditions may speak of; the table has a rising `id`."""

    table: Table
    columns: tuple[str, ...]
    fields: dict[str, Field]

    async def page(
        self, connection: AsyncConnection, condition: Condition | None, wanted: Slice, *, both_ends: bool = True
    ) -> Page:
        """A page of rows. Raises InvalidCursor and BadFilter."""
        query = select(*(self.table.c[name] for name in self.columns)).where(*self._conditions(condition))
        return await keyset.fetch(connection, query, self.ordering(condition), wanted, both_ends=both_ends)

    def ordering(self, condition: Condition | None) -> Ordering:
        """The list's order; its cursors are bound to the condition."""
        row_id = self.table.c.id
        return Ordering((Term(row_id, descending=True),), row_id, repr((self.table.name, condition)))

    async def count(self, connection: AsyncConnection, condition: Condition | None) -> int:
        """How many rows meet the condition. Raises BadFilter."""
        counted = select(func.count()).select_from(self.table).where(*self._conditions(condition))
        return int((await connection.execute(counted)).scalar_one())

    async def by_ids(self, connection: AsyncConnection, ids: Iterable[int]) -> dict[int, AnyRow]:
        """Those of the rows that exist, by id, in one statement."""
        wanted = [row_id for row_id in set(ids) if row_id in INT64]
        if not wanted:
            return {}
        found = select(*(self.table.c[name] for name in self.columns)).where(self.table.c.id.in_(wanted))
        return {row.id: row for row in await connection.execute(found)}

    def _conditions(self, condition: Condition | None) -> list[ColumnElement[bool]]:
        return [] if condition is None else [filters.to_sql(self.fields, condition)]

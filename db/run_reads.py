"""The reads of runs that come most often: pages, single runs, and those that assets and records are of.

They go straight through the driver. Where rows do not come smoothly that raises NotDirect, and `run_reader` reads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from db import filters, moments
from db.asking import Asking
from db.cursors import INT64
from db.direct import Direct
from db.engine import Database
from db.filters import Condition
from db.keyset import AnySelect, Slice
from db.prepared import is_one_of, parents
from db.run_reader import FIELDS, RUNS
from db.tables import runs
from db.walks import Columns, Row, Walk, WalkRead


async def by_ids(database: Database, run_ids: Sequence[int], columns: Columns) -> dict[int, list[Row]]:
    """Those of the runs that exist, by id: a row that begins with the columns, the id first of all."""
    direct = database.direct

    def build() -> AnySelect:
        return _columns(columns).where(is_one_of(direct.kind, runs.c.id))

    statement = direct.statement(("runs by id", columns), build)
    return {row[0]: [row] for row in await direct.fetch(statement, parents(direct.kind, run_ids))}


@dataclass(frozen=True, slots=True)
class RunRead:
    """A single run by its id."""

    key: int
    columns: Columns

    async def read(self, database: Database) -> Row | None:
        """The run's columns, None where there is no such run. Raises NotDirect."""
        if self.key not in INT64:
            return None
        found = await by_ids(database, [self.key], self.columns)
        return found[self.key][0] if found else None


def page(direct: Direct, condition: Condition | None, wanted: Slice, columns: Columns) -> WalkRead:
    """The newest first. Raises InvalidCursor and BadFilter."""
    ordering = RUNS.ordering(condition)
    walk = Walk(("runs", columns), FIELDS, condition, ordering, lambda: _columns(columns))
    return WalkRead(ordering, wanted, walk.page(direct, wanted))


@dataclass(frozen=True, slots=True)
class RunCountRead:
    """How many runs there are of which the condition holds."""

    condition: Condition | None

    async def read(self, database: Database) -> int:
        """Raises BadFilter."""
        values: dict[str, Any] = {}
        held = self.condition and filters.with_slots(FIELDS, self.condition, values)

        def build() -> AnySelect:
            counted = select(func.count()).select_from(runs)
            return counted if held is None else counted.where(filters.to_sql(FIELDS, held))

        async def work(asks: Asking) -> int:
            return int((await asks.rows(("runs counted", held), build, values))[0][0])

        return await moments.read(database, work)


def _columns(columns: Columns) -> AnySelect:
    return select(*(runs.c[name] for name in columns))

"""What an invariant is: a number, a sentence, and checks that find what breaks it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, text

from db.clock import UtcDateTime, to_text
from db.engine import Connection

SAMPLE_ROWS = 5

# Duplicates behind a damaged unique index can be seen in the table only, so the index must not be asked.
# (SQLite's integrity check compares every index with its table anyway.)
_INDEX_ACCESS = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a check may refer to: `at` is the database's time when the snapshot was taken, `secrets` are by name."""

    at: datetime
    lapsed_before: datetime
    secrets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Offences:
    """How many rows break an invariant, exactly, and a few of them."""

    count: int = 0
    sample: list[dict[str, Any]] = field(default_factory=list)

    def __add__(self, other: "Offences") -> "Offences":
        return Offences(self.count + other.count, (self.sample + other.sample)[:SAMPLE_ROWS])


Check = Callable[[Connection, Snapshot], Awaitable[Offences]]


@dataclass(frozen=True, slots=True)
class Sql:
    """A check that is one SELECT of the offending rows, the same on both databases.

    It may use `:lapsed_before`. `past_indexes` makes PostgreSQL read the tables themselves.
    """

    select: str
    past_indexes: bool = False

    async def __call__(self, connection: Connection, snapshot: Snapshot) -> Offences:
        times = {"lapsed_before": snapshot.lapsed_before} if ":lapsed_before" in self.select else {}
        if not self.past_indexes or connection.dialect.name == "sqlite":
            return await ask(connection, self.select, times)
        await _index_access(connection, "off")
        offences = await ask(connection, self.select, times)
        await _index_access(connection, "on")
        return offences


@dataclass(frozen=True, slots=True)
class Invariant:
    """One promise of the protocol; `name` says what must not exist."""

    number: int
    name: str
    checks: Sequence[Check]


async def ask(connection: Connection, select: str, values: Mapping[str, Any] | None = None) -> Offences:
    """Count all rows of a SELECT and bring a few of them, in one statement."""
    values = values or {}
    times = [bindparam(name, type_=UtcDateTime()) for name, value in values.items() if isinstance(value, datetime)]
    # Materialized: or else PostgreSQL plans for the first few rows, and sorts where it should hash.
    counted = text(f"""WITH offending AS MATERIALIZED ({select})
                       SELECT offending.*, (SELECT count(*) FROM offending) FROM offending LIMIT {SAMPLE_ROWS}""")
    rows = (await connection.execute(counted.bindparams(*times), values)).all()
    if not rows:
        return Offences()
    names = [str(name) for name in rows[0]._mapping][:-1]
    return Offences(rows[0][-1], [dict(zip(names, map(plain, row[:-1]), strict=True)) for row in rows])


def plain(value: Any) -> Any:
    """A value of either driver as JSON has it."""
    if isinstance(value, datetime):
        return to_text(value)
    return int(value) if isinstance(value, Decimal) else value


async def _index_access(connection: Connection, state: str) -> None:
    for setting in _INDEX_ACCESS:
        await connection.execute(text(f"SET LOCAL {setting} = {state}"))

"""Ways to ask a database several questions of one moment, as a search does; each question is put together only where
its shape is not known yet.

What differs from one time to the next is left open in a statement, as named slots (see `prepared`).
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Executable, and_, false, true

from db.aio import AsyncConnection
from db.direct import Direct, Rows

Join = Callable[[ColumnElement[bool], ColumnElement[bool]], ColumnElement[bool]]


class Asking(Protocol):
    """One way. `kind` is the database's."""

    @property
    def kind(self) -> str: ...

    async def rows(self, shape: Hashable, build: Callable[[], Executable], values: Mapping[str, Any]) -> Rows:
        """What the statement of this shape finds, with these values in its slots; others do no harm."""
        ...


class Usually:
    """By a connection of SQLAlchemy's, which gives values as columns have them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.kind = connection.dialect.name
        self._connection = connection

    async def rows(self, _: Hashable, build: Callable[[], Executable], values: Mapping[str, Any]) -> Rows:
        return (await self._connection.execute(build(), dict(values))).all()


class Compiled:
    """The same, by statements compiled once. Values are as the driver gives them: SQLite's times are text."""

    def __init__(self, connection: AsyncConnection, direct: Direct) -> None:
        self.kind = direct.kind
        self._connection = connection
        self._direct = direct

    async def rows(self, shape: Hashable, build: Callable[[], Executable], values: Mapping[str, Any]) -> Rows:
        statement = self._direct.statement(shape, build)
        return (await self._connection.exec_driver_sql(statement.text, tuple(statement.arguments(values)))).all()


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition that is built where its shape is not known yet, and what goes into its slots."""

    shape: Hashable
    build: Callable[[], ColumnElement[bool]] = field(compare=False)
    values: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def joined(self, how: str, other: "Clause", join: Join) -> "Clause":
        """Both of them, in a way that has a name."""
        shape, values = (how, self.shape, other.shape), {**self.values, **other.values}
        return Clause(shape, lambda: join(self.build(), other.build()), values)

    def and_(self, other: "Clause") -> "Clause":
        return self.joined("and", other, and_)


EVERYTHING = Clause("everything", true)
NOTHING = Clause("nothing", false)

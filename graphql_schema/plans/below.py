"""What belongs to the rows of a part: the history of assets, their records, runs and coins, and the assets of coins.

Each is read for all of its parents at once, by what the parents' rows say it is found by, and may have more below it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Self

from graphql.execution.values import VariableValues

from db import coin_reads, record_reads, run_reads
from db.asset_reads import UNNAMED, PointsRead
from db.engine import Database
from db.keyset import Page
from graphql_schema import asked, pagination
from graphql_schema.plans.arguments import Arguments, Strawberry
from graphql_schema.plans.selection import Selected, Selections, Unplanned
from graphql_schema.plans.shapes import (
    COIN,
    MEMBER,
    POINT,
    RAW,
    RUN,
    Child,
    Children,
    ConnectionShape,
    Kind,
    Node,
    connection_shape,
)

NOTHING = Page((), has_next=False, has_previous=False, ordering=UNNAMED)
Row = Sequence[Any]
Build = Callable[[Row, list[Children]], Any]


class ReadRows(Protocol):
    """Reads rows that begin with these columns, by what they are found by. Raises NotDirect."""

    async def __call__(
        self, database: Database, keys: Sequence[Any], /, columns: tuple[str, ...]
    ) -> Mapping[Any, Sequence[Row]]: ...


@dataclass(frozen=True, slots=True)
class Planning:
    """What parts are made with."""

    schema: Strawberry
    selections: Selections
    text_times: bool


class BoundBelow(Protocol):
    """A part below others whose arguments are known."""

    async def read(self, database: Database, keys: Sequence[Any]) -> Children:
        """Its value for each of the keys, which are what it is found by."""


class Below(Protocol):
    """A part below others; without variables in it, it `is_fixed`."""

    is_fixed: bool

    def bind(self, variables: VariableValues) -> BoundBelow: ...


@dataclass(frozen=True, slots=True)
class AllBelow:
    """All that is selected below the objects of a node."""

    parts: Sequence[tuple[Child, Below]]

    @classmethod
    def of(cls, planning: Planning, node: Node) -> Self:
        """Raises Unplanned."""
        return cls([(child, _PARTS[child.selected.name](planning, child.selected)) for child in node.children])

    @property
    def is_fixed(self) -> bool:
        return all(part.is_fixed for _, part in self.parts)

    def bind(self, variables: VariableValues) -> "BoundAll":
        return BoundAll([(child, part.bind(variables)) for child, part in self.parts]) if self.parts else NOTHING_BELOW


@dataclass(frozen=True, slots=True)
class BoundAll:
    """The same with known arguments."""

    parts: Sequence[tuple[Child, BoundBelow]]

    async def read(self, database: Database, rows: Sequence[Row]) -> list[Children]:
        """The parts' values for these rows, one after the other."""
        found = []
        for child, part in self.parts:
            # SQLite's reads wait for nothing: others, and the time limit, get their turn in between.
            if database.is_sqlite:
                await asyncio.sleep(0)
            found.append(await part.read(database, child.keys(rows)))
        return found


NOTHING_BELOW = BoundAll(())


class History:
    """Points inside of assets."""

    def __init__(self, planning: Planning, selected: Selected) -> None:
        self._arguments = Arguments(planning.schema, selected)
        self._shape = connection_shape(planning.selections, selected, Node(POINT, planning.text_times))
        self._wants_page = pagination.wants_page(planning.selections.names_below(selected))
        self.is_fixed = self._arguments.are_fixed

    def bind(self, variables: VariableValues) -> "BoundHistory":
        found = self._arguments.resolved(variables)
        span, wanted = asked.history(**found)
        if wanted.after is not None or wanted.before is not None:
            # Fits one asset only, so that it makes an error of all others.
            raise Unplanned
        shape = self._shape
        read = PointsRead(span, wanted, tuple(shape.node.columns), with_cursors=shape.with_cursors)
        return BoundHistory(read, shape, self._wants_page)


@dataclass(frozen=True, slots=True)
class BoundHistory:
    """The same part of the history of any assets, by what is selected of it."""

    points: PointsRead
    shape: ConnectionShape
    wants_page: bool

    async def read(self, database: Database, keys: Sequence[int]) -> Children:
        pages = await self.points.read(database, keys) if self.wants_page and keys else {}
        totals = await self.points.count(database, keys) if self.shape.counted and keys else {}
        build = self.shape.build
        return {each: build(pages.get(each, NOTHING), totals.get(each, 0), []) for each in keys}


class Objects:
    """Objects of a kind that belong to their parents: all of them, or the only one."""

    def __init__(self, planning: Planning, selected: Selected, kind: Kind, read: ReadRows, *, only: bool) -> None:
        node = Node(kind, planning.text_times)
        self._build = node.builder(node.expression(planning.selections, selected))
        self._read = partial(read, columns=tuple(node.columns))
        self._only = only
        self._below = AllBelow.of(planning, node)
        self.is_fixed = self._below.is_fixed

    def bind(self, variables: VariableValues) -> "BoundObjects":
        return BoundObjects(self._read, self._build, self._only, self._below.bind(variables))


@dataclass(frozen=True, slots=True)
class BoundObjects:
    """The objects of any parents. Of a parent without one, the only one is null."""

    rows: Callable[[Database, Sequence[Any]], Awaitable[Mapping[Any, Sequence[Row]]]]
    build: Build
    only: bool
    below: BoundAll

    async def read(self, database: Database, keys: Sequence[Any]) -> Children:
        rows = await self.rows(database, keys) if keys else {}
        children = await self.below.read(database, [row for each in rows.values() for row in each])
        found = {each: [self.build(row, children) for row in rows.get(each, ())] for each in keys}
        return {each: next(iter(values), None) for each, values in found.items()} if self.only else found


_PARTS: dict[str, Callable[[Planning, Selected], Below]] = {
    "history": History,
    "coin": partial(Objects, kind=COIN, read=coin_reads.of_assets, only=True),
    "assets": partial(Objects, kind=MEMBER, read=coin_reads.members, only=False),
    "raw": partial(Objects, kind=RAW, read=record_reads.by_keys, only=True),
    "run": partial(Objects, kind=RUN, read=run_reads.by_ids, only=True),
    "lastRun": partial(Objects, kind=RUN, read=run_reads.by_ids, only=True),
}

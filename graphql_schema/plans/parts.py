"""The parts of plans: fields that bring assets, coins or runs, alone or in lists, or totals.

A part is made from the document alone. `bind` gives it its arguments, and what comes of that is carried out. Both raise
whatever is wrong with the request; graphql-core then finds the same, and says it.
"""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from graphql import GraphQLObjectType
from graphql.execution.values import VariableValues

from db import asset_reads, coin_catalog, coin_reads, run_reads
from db.asset_reads import CountRead, RowRead
from db.coin_reads import CoinCountRead, CoinRead
from db.engine import Database
from db.keyset import Page
from db.moments import FoundRead
from db.run_reads import RunCountRead, RunRead
from db.stats import TotalsRead
from graphql_schema import asked, ids, pagination
from graphql_schema.plans.arguments import Arguments
from graphql_schema.plans.below import NOTHING, AllBelow, BoundAll, Build, Planning, Row
from graphql_schema.plans.selection import Selected, Unplanned
from graphql_schema.plans.shapes import ASSET, COIN, RUN, STATS, ConnectionShape, Kind, Node, connection_shape

# Carries out a field whose arguments are known, and gives its value in the answer.
Run = Callable[[Database], Awaitable[Any]]
Columns = tuple[str, ...]
# How to read an object, once its columns are known. What it is made of are the arguments, by their names.
ReadOf = Callable[[Columns], "Reads"]


class Part(Protocol):
    """A field at the root; without variables in it, it `is_fixed`."""

    is_fixed: bool

    def bind(self, database: Database, variables: VariableValues) -> Run: ...


class Reads(Protocol):
    """Something to be read."""

    async def read(self, database: Database) -> Any: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list's arguments ask for: how to read the page, given its columns, and how long the whole list is."""

    page: Callable[[Columns], Reads]
    total: Reads


class List:
    """A page of a kind."""

    def __init__(self, planning: Planning, selected: Selected, kind: Kind, listed: Callable[..., Listed]) -> None:
        self._arguments = Arguments(planning.schema, selected)
        self._listed = listed
        self._shape = connection_shape(planning.selections, selected, Node(kind, planning.text_times))
        self._names = planning.selections.names_below(selected)
        self._below = AllBelow.of(planning, self._shape.node)
        self.is_fixed = self._arguments.are_fixed and self._below.is_fixed

    def bind(self, database: Database, variables: VariableValues) -> Run:
        found = self._arguments.resolved(variables)
        listed = self._listed(database, self._names, **found)
        shape = self._shape
        page = listed.page(tuple(shape.node.columns)) if pagination.wants_page(self._names) else None
        return _BoundList(page, listed.total if shape.counted else None, self._below.bind(variables), shape).run


@dataclass(frozen=True, slots=True)
class _BoundList:
    page: Reads | None
    total: Reads | None
    below: BoundAll
    shape: ConnectionShape

    async def run(self, database: Database) -> dict[str, Any]:
        page, total = await self._page_and_total(database)
        children = await self.below.read(database, page.rows)
        return self.shape.build(page, total, children)

    async def _page_and_total(self, database: Database) -> tuple[Page, int]:
        if self.total and isinstance(self.page, FoundRead):
            # What is found for one is found for the other.
            return await self.page.read_counted(database)
        page: Page = await self.page.read(database) if self.page else NOTHING
        return page, await self.total.read(database) if self.total else 0


def _assets(database: Database, names: frozenset[str], **found: Any) -> Listed:
    listing, wanted = asked.assets(**found)
    if listing.as_of is not None:
        raise Unplanned
    both_ends = pagination.wants_both_ends(names, wanted)
    return Listed(
        lambda columns: asset_reads.page(database.direct, listing, wanted, columns, both_ends=both_ends),
        CountRead(listing),
    )


def _coins(database: Database, names: frozenset[str], **found: Any) -> Listed:
    listing, wanted = asked.coins(**found)
    walked = wanted.after is not None or wanted.before is not None
    if walked and pagination.wants_both_ends(names, wanted):
        raise Unplanned
    coin_catalog.check(listing, wanted)
    return Listed(lambda columns: coin_reads.page(database.direct, listing, wanted, columns), CoinCountRead(listing))


def _runs(database: Database, names: frozenset[str], **found: Any) -> Listed:
    condition, wanted = asked.runs(**found)
    walked = wanted.after is not None or wanted.before is not None
    if walked and pagination.wants_both_ends(names, wanted):
        raise Unplanned
    return Listed(lambda columns: run_reads.page(database.direct, condition, wanted, columns), RunCountRead(condition))


class One:
    """An object of a kind, found by its key."""

    def __init__(self, planning: Planning, selected: Selected, kind: Kind, read_of: Callable[..., ReadOf]) -> None:
        self._arguments = Arguments(planning.schema, selected)
        self._read_of = read_of
        node = Node(kind, planning.text_times)
        type_ = planning.selections.schema.get_type(kind.name)
        if not isinstance(type_, GraphQLObjectType):
            raise Unplanned
        self._build = node.builder(node.expression(planning.selections, selected, type_))
        self._columns = tuple(node.columns)
        self._below = AllBelow.of(planning, node)
        self.is_fixed = self._arguments.are_fixed and self._below.is_fixed

    def bind(self, _: Database, variables: VariableValues) -> Run:
        read = self._read_of(**self._arguments.resolved(variables))(self._columns)
        return _BoundOne(read, self._below.bind(variables), self._build).run


@dataclass(frozen=True, slots=True)
class _BoundOne:
    row: Reads
    below: BoundAll
    build: Build

    async def run(self, database: Database) -> Any:
        row: Row | None = await self.row.read(database)
        if row is None:
            return None
        return self.build(row, await self.below.read(database, [row]) if self.below.parts else [])


def _asset(id: Any = None, source: Any = None, external_id: Any = None, as_of: Any = None) -> ReadOf:  # noqa: A002
    match id, source, external_id, as_of:
        case str(), None, None, None:
            return partial(RowRead, ids.require_row_id(ASSET.name, id))
        case None, str(), str(), None:
            return partial(RowRead, (source, external_id))
    raise Unplanned


def _coin(id: Any = None, slug: Any = None, as_of: Any = None) -> ReadOf:  # noqa: A002
    match id, slug, as_of:
        case str(), None, None:
            return partial(CoinRead, ids.require_row_id(COIN.name, id))
        case None, str(), None:
            return partial(CoinRead, slug)
    raise Unplanned


def _run(id: str) -> ReadOf:  # noqa: A002
    return partial(RunRead, ids.require_row_id(RUN.name, id))


def _stats() -> ReadOf:
    return TotalsRead


class ById:
    """An object of one of some kinds, by a global id."""

    def __init__(self, planning: Planning, selected: Selected) -> None:
        self._arguments = Arguments(planning.schema, selected)
        self._parts: dict[str, One] = {}
        for kind, read_of in _BY_ID:
            # What is selected of other kinds is no part of this one's plan.
            with contextlib.suppress(Unplanned):
                self._parts[kind.name] = One(planning, selected, kind, read_of)
        self.is_fixed = all(part.is_fixed for part in self._parts.values())

    def bind(self, database: Database, variables: VariableValues) -> Run:
        decoded = ids.decode(self._arguments.resolved(variables)["id"])
        if decoded is None or decoded.type_name not in self._parts or ids.number(decoded.key) is None:
            raise Unplanned
        return self._parts[decoded.type_name].bind(database, variables)


_BY_ID: tuple[tuple[Kind, Callable[..., ReadOf]], ...] = ((ASSET, _asset), (COIN, _coin), (RUN, _run))

PARTS: dict[str, Callable[[Planning, Selected], Part]] = {
    "assets": partial(List, kind=ASSET, listed=_assets),
    "coins": partial(List, kind=COIN, listed=_coins),
    "runs": partial(List, kind=RUN, listed=_runs),
    "asset": partial(One, kind=ASSET, read_of=_asset),
    "coin": partial(One, kind=COIN, read_of=_coin),
    "run": partial(One, kind=RUN, read_of=_run),
    "stats": partial(One, kind=STATS, read_of=_stats),
    "node": ById,
}

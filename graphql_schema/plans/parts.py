"""The parts of plans: fields that bring assets, alone or in lists, and the history inside of them.

A part is made from the document alone. `bind` gives it its arguments, and what comes of that is carried out. Both raise
whatever is wrong with the request; graphql-core then finds the same, and says it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType
from graphql.execution.values import VariableValues

from db import asset_reads
from db.asset_reads import CountRead, PageRead, PointsRead, RowRead
from db.engine import Database
from db.keyset import Page
from graphql_schema import asked, ids, pagination
from graphql_schema.fields import given
from graphql_schema.plans.arguments import Arguments, Strawberry
from graphql_schema.plans.selection import Selected, Selections, Unplanned
from graphql_schema.plans.shapes import ASSET, POINT, Children, ConnectionShape, Node, connection_shape

# Carries out a field whose arguments are known, and gives its value in the answer.
Run = Callable[[Database], Awaitable[Any]]
_NOTHING = Page((), has_next=False, has_previous=False, ordering=asset_reads.UNNAMED)


@dataclass(frozen=True, slots=True)
class Planning:
    """What parts are made with."""

    schema: Strawberry
    selections: Selections
    text_times: bool


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

    async def read(self, database: Database, asset_ids: Sequence[int]) -> Children:
        # Others, and the time limit, get their turn in between.
        await asyncio.sleep(0)
        pages = await self.points.read(database, asset_ids) if self.wants_page and asset_ids else {}
        totals = await self.points.count(database, asset_ids) if self.shape.counted and asset_ids else {}
        build = self.shape.build
        return {each: build(pages.get(each, _NOTHING), totals.get(each, 0), []) for each in asset_ids}


class Assets:
    """`assets`: a page of them."""

    def __init__(self, planning: Planning, selected: Selected) -> None:
        self._arguments = Arguments(planning.schema, selected)
        self._shape = connection_shape(planning.selections, selected, Node(ASSET, planning.text_times))
        self._names = planning.selections.names_below(selected)
        self._histories = [History(planning, child) for child in self._shape.node.children]
        self.is_fixed = self._arguments.are_fixed and all(each.is_fixed for each in self._histories)

    def bind(self, database: Database, variables: VariableValues) -> Run:
        found = self._arguments.resolved(variables)
        listing, wanted = asked.assets(**found)
        if listing.as_of is not None:
            raise Unplanned
        both_ends = pagination.wants_both_ends(self._names, wanted)
        columns = tuple(self._shape.node.columns)
        page = None
        if pagination.wants_page(self._names):
            page = asset_reads.page(database.direct, listing, wanted, columns, both_ends=both_ends)
        total = CountRead(listing) if self._shape.counted else None
        histories = [each.bind(variables) for each in self._histories]
        return _BoundAssets(page, total, histories, self._shape).run


@dataclass(frozen=True, slots=True)
class _BoundAssets:
    page: PageRead | None
    total: CountRead | None
    histories: Sequence[BoundHistory]
    shape: ConnectionShape

    async def run(self, database: Database) -> dict[str, Any]:
        page = await self.page.read(database) if self.page else _NOTHING
        total = await self.total.read(database) if self.total else 0
        children: list[Children] = []
        if self.histories:
            asset_ids = [row[0] for row in page.rows]
            children = [await each.read(database, asset_ids) for each in self.histories]
        return self.shape.build(page, total, children)


class OneAsset:
    """`asset`, or `node` with the id of one."""

    def __init__(self, planning: Planning, selected: Selected) -> None:
        self._arguments = Arguments(planning.schema, selected)
        self._key_of = _key_of_node if selected.name == "node" else _key_of_asset
        self._node = Node(ASSET, planning.text_times)
        type_ = planning.selections.schema.get_type(ASSET.name)
        if not isinstance(type_, GraphQLObjectType):
            raise Unplanned
        expression = self._node.expression(planning.selections, selected, type_)
        self._build = self._node.builder(expression)
        self._histories = [History(planning, child) for child in self._node.children]
        self.is_fixed = self._arguments.are_fixed and all(each.is_fixed for each in self._histories)

    def bind(self, _: Database, variables: VariableValues) -> Run:
        found = self._arguments.resolved(variables)
        read = RowRead(self._key_of(**found), tuple(self._node.columns))
        return _BoundAsset(read, [each.bind(variables) for each in self._histories], self._build).run


@dataclass(frozen=True, slots=True)
class _BoundAsset:
    row: RowRead
    histories: Sequence[BoundHistory]
    build: Callable[[Any, list[Children]], Any]

    async def run(self, database: Database) -> dict[str, Any] | None:
        row = await self.row.read(database)
        if row is None:
            return None
        children = [await each.read(database, [row[0]]) for each in self.histories]
        found: dict[str, Any] = self.build(row, children)
        return found


def _key_of_asset(**found: Any) -> int | tuple[str, str]:
    match [given(found.get(name)) for name in ("id", "source", "external_id", "as_of")]:
        case [str(global_id), None, None, None]:
            return ids.require_row_id(ASSET.name, global_id)
        case [None, str(source), str(external_id), None]:
            return source, external_id
    raise Unplanned


def _key_of_node(id: str) -> int:  # noqa: A002  the argument's name
    found = ids.row_id(ASSET.name, id)
    if found is None:
        raise Unplanned
    return found


PARTS: dict[str, type[Assets] | type[OneAsset]] = {"assets": Assets, "asset": OneAsset, "node": OneAsset}

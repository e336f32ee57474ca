"""Finding any object by its global id."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from graphql_schema import ids
from graphql_schema.asset import Asset, columns_for
from graphql_schema.checkpoint import Checkpoint
from graphql_schema.coin import Coin
from graphql_schema.context import Info
from graphql_schema.drift import DriftEvent
from graphql_schema.errors import bad_input
from graphql_schema.node import Node
from graphql_schema.quarantine import QuarantinedRecord
from graphql_schema.raw_record import RawRecord
from graphql_schema.run import Run
from graphql_schema.source import Source

MAX_NODES = 100


async def find_node(info: Info, global_id: str) -> Node | None:
    """The object, or None where the id is unknown or no id at all."""
    decoded = ids.decode(global_id)
    if decoded is None:
        return None
    if decoded.type_name in _NAMED:
        return await _NAMED[decoded.type_name](info, decoded.key)
    number = ids.number(decoded.key)
    if number is None or decoded.type_name not in _NUMBERED:
        return None
    return await _NUMBERED[decoded.type_name](info, number)


async def find_nodes(info: Info, global_ids: Sequence[str]) -> list[Node | None]:
    """The objects in the order of their ids. Raises BAD_USER_INPUT for too many."""
    if len(global_ids) > MAX_NODES:
        raise bad_input(f"at most {MAX_NODES} ids at once")
    return list(await asyncio.gather(*(find_node(info, global_id) for global_id in global_ids)))


async def _asset(info: Info, number: int) -> Node | None:
    columns = columns_for(info.selected(depth=1))
    return Asset.from_optional(await info.context.loaders.asset_by_id.load((number, (columns, None))))


async def _coin(info: Info, number: int) -> Node | None:
    return await Coin.found(info, await info.context.loaders.coin_by_id.load(number), None)


async def _run(info: Info, number: int) -> Node | None:
    return Run.from_optional(await info.context.loaders.run_by_id.load(number))


async def _raw_record(info: Info, number: int) -> Node | None:
    stored = await info.context.loaders.raw_by_id.load(number)
    return None if stored is None else RawRecord.from_stored(stored)


async def _quarantined_record(info: Info, number: int) -> Node | None:
    return QuarantinedRecord.from_optional(await info.context.loaders.quarantined_by_id.load(number))


async def _drift_event(info: Info, number: int) -> Node | None:
    return DriftEvent.from_optional(await info.context.loaders.drift_by_id.load(number))


async def _checkpoint(info: Info, name: str) -> Node | None:
    return Checkpoint.from_optional(await info.context.loaders.checkpoint.load(name))


async def _source(info: Info, name: str) -> Node | None:
    return Source.named(info, name)


_NUMBERED: dict[str, Callable[[Info, int], Awaitable[Node | None]]] = {
    "Asset": _asset,
    "Coin": _coin,
    "DriftEvent": _drift_event,
    "QuarantinedRecord": _quarantined_record,
    "RawRecord": _raw_record,
    "Run": _run,
}
_NAMED: dict[str, Callable[[Info, str], Awaitable[Node | None]]] = {"Checkpoint": _checkpoint, "Source": _source}

"""One loader per lookup. They are our joins: each batch is one statement on a connection of its own.

A connection must not serve two batches at once, and batches of different loaders overlap.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from db import (
    archive,
    catalog,
    checkpoints,
    circuits,
    coin_catalog,
    holdings,
    journal,
    price_points,
    run_log,
    run_reader,
    source_states,
)
from db.archive import StoredRecord
from db.checkpoints import Checkpoint
from db.circuits import Circuit
from db.coin_catalog import Membership
from db.engine import Connection, Database
from db.findings import DRIFT, QUARANTINE
from db.holdings import Holdings
from db.keyset import AnyRow, Page, Slice
from db.price_points import Span
from db.runs import Run
from graphql_schema.loader import Loader
from graphql_schema.turns import Turns

K = TypeVar("K", bound=Hashable)
G = TypeVar("G", bound=Hashable)
V = TypeVar("V")

Columns = tuple[str, ...]
# Which columns, and of which moment; None is now.
Asked = tuple[Columns, datetime | None]


class Loaders:
    """All lookups of one request. What is not there loads as None."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = Turns()
        self.asset_by_id: Loader[tuple[int, Asked], AnyRow | None] = self._rows(catalog.by_ids)
        self.asset_by_key: Loader[tuple[tuple[str, str], Asked], AnyRow | None] = self._rows(catalog.by_keys)
        self.run_by_id: Loader[int, Run | None] = self._lookup(run_reader.by_ids)
        self.raw_by_id: Loader[int, StoredRecord | None] = self._lookup(archive.by_ids)
        self.raw_by_key: Loader[tuple[str, str], StoredRecord | None] = self._lookup(archive.by_keys)
        self.latest_run: Loader[str, Run | None] = self._of_source(run_reader.latest_by_source)
        self.active_run: Loader[str, Run | None] = self._of_source(run_reader.active_by_source)
        self.checkpoint: Loader[str, Checkpoint | None] = self._of_source(_checkpoints)
        self.holdings: Loader[str, Holdings | None] = self._of_source(holdings.by_source)
        self.circuit: Loader[str, Circuit | None] = self._of_source(circuits.every)
        self.paused: Loader[str, bool | None] = self._of_source(_paused)
        self.quarantined_by_id: Loader[int, AnyRow | None] = self._lookup(QUARANTINE.by_ids)
        self.drift_by_id: Loader[int, AnyRow | None] = self._lookup(DRIFT.by_ids)
        self.batch_of: Loader[tuple[int, datetime], AnyRow | None] = self._lookup(journal.writing)
        self.last_record: Loader[int, str | None] = self._lookup(journal.last_records)
        self.batches: Loader[tuple[int, Slice], Page] = self._grouped(journal.pages)
        self.batch_count: Loader[tuple[int, None], int] = self._grouped(_batch_count)
        self.run_log: Loader[tuple[int, Slice], Page] = self._grouped(run_log.pages)
        self.run_log_count: Loader[tuple[int, None], int] = self._grouped(_run_log_count)
        self.points: Loader[tuple[int, tuple[Span, Slice]], Page] = self._grouped(_points)
        self.coin_by_id: Loader[int, AnyRow | None] = self._lookup(coin_catalog.by_ids)
        self.coin_by_slug: Loader[str, AnyRow | None] = self._lookup(coin_catalog.by_slugs)
        self.coin_of_asset: Loader[int, AnyRow | None] = self._lookup(coin_catalog.of_assets)
        self.coin_members: Loader[int, list[Membership] | None] = self._lookup(coin_catalog.members)
        self.point_count: Loader[tuple[int, Span], int] = self._grouped(price_points.counts)

    def _lookup(self, read: Callable[[Connection, Sequence[K]], Awaitable[Mapping[K, V]]]) -> Loader[K, V | None]:
        """A loader for rows that are found by their key."""

        async def load(keys: list[K]) -> list[V | None]:
            async with self._database.read() as connection:
                found = await read(connection, keys)
            return [found.get(key) for key in keys]

        return Loader(load, self._turns)

    def _rows(
        self, read: Callable[[Connection, Sequence[K], Columns, datetime | None], Awaitable[Mapping[K, V]]]
    ) -> Loader[tuple[K, Asked], V | None]:
        """A loader for rows with the columns that are wanted of them; one statement a moment reads all that any one
        wants."""

        async def load(keys: list[tuple[K, Asked]]) -> list[V | None]:
            columns = tuple(dict.fromkeys(name for _, (wanted, _) in keys for name in wanted))
            moments: dict[datetime | None, list[K]] = defaultdict(list)
            for key, (_, then) in keys:
                moments[then].append(key)
            async with self._database.read() as connection:
                found = {then: await read(connection, asked, columns, then) for then, asked in moments.items()}
            return [found[then].get(key) for key, (_, then) in keys]

        return Loader(load, self._turns)

    def _of_source(self, read: Callable[[Connection], Awaitable[Mapping[str, V]]]) -> Loader[str, V | None]:
        """A loader for what there is once a source; there are few sources, so all are read."""
        return self._lookup(lambda connection, _sources: read(connection))

    def _grouped(
        self, read: Callable[[Connection, Sequence[int], G], Awaitable[Mapping[int, V]]]
    ) -> Loader[tuple[int, G], V]:
        """A loader for something about a parent; one statement for all parents that are asked the same."""

        async def load(keys: list[tuple[int, G]]) -> list[V]:
            parents: dict[G, list[int]] = defaultdict(list)
            for parent, asked in keys:
                parents[asked].append(parent)
            async with self._database.read() as connection:
                found = {asked: await read(connection, ids, asked) for asked, ids in parents.items()}
            return [found[asked][parent] for parent, asked in keys]

        return Loader(load, self._turns)


async def _checkpoints(connection: Connection) -> dict[str, Checkpoint]:
    return {checkpoint.source: checkpoint for checkpoint in await checkpoints.every(connection)}


async def _paused(connection: Connection) -> dict[str, bool]:
    return dict.fromkeys(await source_states.paused(connection), True)


async def _batch_count(connection: Connection, run_ids: Sequence[int], _asked: None) -> dict[int, int]:
    return await journal.counts(connection, run_ids)


async def _run_log_count(connection: Connection, run_ids: Sequence[int], _asked: None) -> dict[int, int]:
    return await run_log.counts(connection, run_ids)


async def _points(connection: Connection, asset_ids: Sequence[int], asked: tuple[Span, Slice]) -> dict[int, Page]:
    return await price_points.pages(connection, asset_ids, *asked)

"""One DataLoader per lookup. They are our joins: each batch is one statement on a connection of its own.

A connection must not serve two batches at once, and batches of different loaders overlap.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from db import archive, catalog, checkpoints, circuits, holdings, journal, price_points, run_reader, source_states
from db.archive import StoredRecord
from db.checkpoints import Checkpoint
from db.circuits import Circuit
from db.engine import Connection, Database
from db.findings import DRIFT, QUARANTINE
from db.holdings import Holdings
from db.keyset import AnyRow, Page, Slice
from db.price_points import Span
from db.runs import Run

K = TypeVar("K", bound=Hashable)
G = TypeVar("G", bound=Hashable)
V = TypeVar("V")

Columns = tuple[str, ...]

# Below what either driver takes as parameters of one statement.
MAX_BATCH = 1000


class Loaders:
    """All lookups of one request. What is not there loads as None."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asset_by_id: DataLoader[tuple[int, Columns], AnyRow | None] = self._rows(catalog.by_ids)
        self.asset_by_key: DataLoader[tuple[tuple[str, str], Columns], AnyRow | None] = self._rows(catalog.by_keys)
        self.run_by_id: DataLoader[int, Run | None] = self._lookup(run_reader.by_ids)
        self.raw_by_id: DataLoader[int, StoredRecord | None] = self._lookup(archive.by_ids)
        self.raw_by_key: DataLoader[tuple[str, str], StoredRecord | None] = self._lookup(archive.by_keys)
        self.latest_run: DataLoader[str, Run | None] = self._of_source(run_reader.latest_by_source)
        self.active_run: DataLoader[str, Run | None] = self._of_source(run_reader.active_by_source)
        self.checkpoint: DataLoader[str, Checkpoint | None] = self._of_source(_checkpoints)
        self.holdings: DataLoader[str, Holdings | None] = self._of_source(holdings.by_source)
        self.circuit: DataLoader[str, Circuit | None] = self._of_source(circuits.every)
        self.paused: DataLoader[str, bool | None] = self._of_source(_paused)
        self.quarantined_by_id: DataLoader[int, AnyRow | None] = self._lookup(QUARANTINE.by_ids)
        self.drift_by_id: DataLoader[int, AnyRow | None] = self._lookup(DRIFT.by_ids)
        self.last_record: DataLoader[int, str | None] = self._lookup(journal.last_records)
        self.batches: DataLoader[tuple[int, Slice], Page] = self._grouped(journal.pages)
        self.batch_count: DataLoader[tuple[int, None], int] = self._grouped(_batch_count)
        self.points: DataLoader[tuple[int, tuple[Span, Slice]], Page] = self._grouped(_points)
        self.point_count: DataLoader[tuple[int, Span], int] = self._grouped(price_points.counts)

    def _lookup(self, read: Callable[[Connection, Sequence[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
        """A loader for rows that are found by their key."""

        async def load(keys: list[K]) -> list[V | None]:
            async with self._database.read() as connection:
                found = await read(connection, keys)
            return [found.get(key) for key in keys]

        return DataLoader(load, max_batch_size=MAX_BATCH)

    def _rows(
        self, read: Callable[[Connection, Sequence[K], Columns], Awaitable[Mapping[K, V]]]
    ) -> DataLoader[tuple[K, Columns], V | None]:
        """A loader for rows with the columns that are wanted of them; one statement reads all that any one wants."""

        async def load(keys: list[tuple[K, Columns]]) -> list[V | None]:
            columns = tuple(dict.fromkeys(name for _, wanted in keys for name in wanted))
            async with self._database.read() as connection:
                found = await read(connection, [key for key, _ in keys], columns)
            return [found.get(key) for key, _ in keys]

        return DataLoader(load, max_batch_size=MAX_BATCH)

    def _of_source(self, read: Callable[[Connection], Awaitable[Mapping[str, V]]]) -> DataLoader[str, V | None]:
        """A loader for what there is once a source; there are few sources, so all are read."""
        return self._lookup(lambda connection, _sources: read(connection))

    def _grouped(
        self, read: Callable[[Connection, Sequence[int], G], Awaitable[Mapping[int, V]]]
    ) -> DataLoader[tuple[int, G], V]:
        """A loader for something about a parent; one statement for all parents that are asked the same."""

        async def load(keys: list[tuple[int, G]]) -> list[V]:
            parents: dict[G, list[int]] = defaultdict(list)
            for parent, asked in keys:
                parents[asked].append(parent)
            async with self._database.read() as connection:
                found = {asked: await read(connection, ids, asked) for asked, ids in parents.items()}
            return [found[asked][parent] for parent, asked in keys]

        return DataLoader(load, max_batch_size=MAX_BATCH)


async def _checkpoints(connection: Connection) -> dict[str, Checkpoint]:
    return {checkpoint.source: checkpoint for checkpoint in await checkpoints.every(connection)}


async def _paused(connection: Connection) -> dict[str, bool]:
    return dict.fromkeys(await source_states.paused(connection), True)


async def _batch_count(connection: Connection, run_ids: Sequence[int], _asked: None) -> dict[int, int]:
    return await journal.counts(connection, run_ids)


async def _points(connection: Connection, asset_ids: Sequence[int], asked: tuple[Span, Slice]) -> dict[int, Page]:
    return await price_points.pages(connection, asset_ids, *asked)

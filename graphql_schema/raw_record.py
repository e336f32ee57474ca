"""Raw records: what an upstream really sent."""

import csv
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

import orjson
import strawberry
from strawberry.scalars import JSON

from db.archive import StoredRecord
from graphql_schema import ids
from graphql_schema.batch import Batch
from graphql_schema.context import Info
from graphql_schema.fields import described
from graphql_schema.node import Node
from graphql_schema.run import Run

DELIMITERS = ",;\t|"


@strawberry.type(description="One version of one upstream record, as received.")
class RawRecord(Node):
    """A row of raw_assets."""

    run_id: strawberry.Private[int]
    stored: strawberry.Private[StoredRecord]
    source: str = strawberry.field(description="Name of the source.")
    record_id: str = strawberry.field(description="Identifies this version of the record within its source.")
    ingested_at: datetime = strawberry.field(description="When it was stored.")

    @classmethod
    def from_stored(cls, stored: StoredRecord) -> Self:
        return cls(
            id=ids.encode("RawRecord", stored.id),
            run_id=stored.run_id,
            stored=stored,
            source=stored.source,
            record_id=stored.record_id,
            ingested_at=stored.ingested_at,
        )

    @classmethod
    def from_optional(cls, stored: StoredRecord | None) -> Self | None:
        return None if stored is None else cls.from_stored(stored)

    @described(
        "The record as received: the upstream's JSON, or for CSV an object of the row's cells by column, as text. "
        "The database keeps the exact bytes."
    )
    def payload(self) -> JSON:
        return JSON(payload_of(self.stored.payload, self.stored.header))

    @described("The run that stored it.")
    async def run(self, info: Info) -> Run | None:
        return Run.from_optional(await info.context.loaders.run_by_id.load(self.run_id))

    @described("The batch it was stored with; null once the journal of that time is forgotten.")
    async def batch(self, info: Info) -> Batch | None:
        return Batch.from_optional(await info.context.loaders.batch_of.load((self.run_id, self.ingested_at)))


def payload_of(payload: str, header: str | None) -> Any:
    """A stored payload as a JSON value; text that is neither JSON nor CSV (which has a header) stays text."""
    if header is not None:
        return cells_by_column(header, payload)
    try:
        return orjson.loads(payload)
    except ValueError:
        return payload


def cells_by_column(header: str, line: str) -> dict[str, str | None]:
    """A CSV row under its header: null where the row is too short, further columns where it is too long."""
    delimiter, columns = _columns(header)
    cells = _cells(line, delimiter)
    extra = _distinct([f"column {n + 1}" for n in range(len(columns), len(cells))], set(columns))
    padded: list[str | None] = [*cells, *[None] * (len(columns) - len(cells))]
    return dict(zip((*columns, *extra), padded, strict=True))


@lru_cache(maxsize=64)
def _columns(header: str) -> tuple[str, tuple[str, ...]]:
    """The delimiter (the one that makes most columns) and the columns' distinct names."""
    delimiter = max(DELIMITERS, key=lambda candidate: len(_cells(header, candidate)))
    names = [name.strip() or f"column {n}" for n, name in enumerate(_cells(header, delimiter), 1)]
    return delimiter, tuple(_distinct(names, set()))


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return line.split(delimiter)


def _distinct(names: list[str], taken: set[str]) -> list[str]:
    """The names, numbered where they repeat."""
    distinct = []
    for name in names:
        unique, n = name, 1
        while unique in taken:
            n += 1
            unique = f"{name} {n}"
        taken.add(unique)
        distinct.append(unique)
    return distinct

"""Rows as a Parquet file. Needs pyarrow, which comes with `kasparro[parquet]`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from app.exports.text_formats import Rows
from db.exports import Kind

# Rows a group: enough to compress and to skip well, little enough to keep in memory.
GROUP = 50_000
_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "time": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
}


class ParquetFile:
    """A file that is written group by group; complete only once it is closed."""

    def __init__(self, path: Path, names: Sequence[str], kinds: Sequence[Kind]) -> None:
        # The graph's ids are text.
        types = [_TYPES["text" if name == "id" else kind] for name, kind in zip(names, kinds, strict=True)]
        self._schema = pa.schema(list(zip(names, types, strict=True)))
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[Sequence[Any]] = []

    def write(self, rows: Rows) -> None:
        self._waiting += rows
        if len(self._waiting) >= GROUP:
            self._write_group()

    def close(self) -> None:
        if self._waiting:
            self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        columns = zip(*self._waiting, strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        self._waiting = []

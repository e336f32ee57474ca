"""External merge sort: any number of entries in key order, with a bounded number of them in memory.

Sorted runs are spilled to one nameless temporary file, which the system frees even after a kill -9. Many
runs are merged into one now and then, so that the final merge never reads in too many places at once.
"""

import os
import tempfile
from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from operator import itemgetter
from types import TracebackType
from typing import Self

import msgspec

# Key, payload, damage. Keys are unique, so the order never depends on the rest.
Entry = tuple[str, bytes, str | None]
Run = tuple[int, int]

CHUNK_RECORDS = 40_000
CHUNK_BYTES = 8 * 1024 * 1024
MERGE_WIDTH = 64
# So many records at a time: a millisecond or two in which whoever wants the interpreter waits for each bit of it.
PIECE_RECORDS = 128
_BLOCK_RECORDS = 256
_BLOCK_BYTES = 128 * 1024
_LENGTH_BYTES = 8

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Entry])
_key = itemgetter(0)


class EntrySorter:
    """Collects entries, then gives them back in key order as often as asked.

    `fill` and `spill` in turn until there are no more, then iterate. Used by one thread at a time.
    """

    def __init__(self, *, chunk_records: int = CHUNK_RECORDS, merge_width: int = MERGE_WIDTH) -> None:
        self._chunk_records = chunk_records
        self._merge_width = merge_width
        self._chunk: list[Entry] = []
        self._chunk_bytes = 0
        self._levels: list[list[Run]] = []
        self._spill = tempfile.SpooledTemporaryFile(max_size=1)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spill.close()

    def fill(self, entries: Iterator[Entry]) -> bool:
        """Take entries until memory holds as much as it should; False when there were no more to take."""
        chunk, size, full = self._chunk, self._chunk_bytes, False
        for entry in entries:
            chunk.append(entry)
            size += len(entry[1])
            if len(chunk) >= self._chunk_records or size >= CHUNK_BYTES:
                full = True
                break
        self._chunk_bytes = size
        return full

    def spill(self) -> Iterator[None]:
        """Move the entries in memory to disk, piece by piece; between pieces the caller may do something else."""
        self._chunk.sort()
        yield
        run = yield from self._write(_blocks(self._chunk))
        self._chunk, self._chunk_bytes = [], 0
        yield from self._keep(run, level=0)

    def __iter__(self) -> Iterator[Entry]:
        self._chunk.sort()
        blocks = [self._read(run) for level in self._levels for run in level]
        return chain.from_iterable(_merged([*blocks, iter([self._chunk])])) if blocks else iter(self._chunk)

    def _keep(self, run: Run, level: int) -> Iterator[None]:
        if level == len(self._levels):
            self._levels.append([])
        self._levels[level].append(run)
        if len(self._levels[level]) >= self._merge_width:
            merged = yield from self._write(_merged(list(map(self._read, self._levels[level]))))
            self._levels[level] = []
            yield from self._keep(merged, level + 1)

    def _write(self, blocks: Iterable[list[Entry]]) -> Generator[None, None, Run]:
        start = end = self._spill.seek(0, os.SEEK_END)
        for block in blocks:
            packed = _encoder.encode(block)
            self._spill.seek(end)
            self._spill.write(len(packed).to_bytes(_LENGTH_BYTES) + packed)
            end += _LENGTH_BYTES + len(packed)
            yield
        return start, end

    def _read(self, run: Run) -> Iterator[list[Entry]]:
        position, end = run
        while position < end:
            self._spill.seek(position)
            length = int.from_bytes(self._spill.read(_LENGTH_BYTES))
            position += _LENGTH_BYTES + length
            yield _decoder.decode(self._spill.read(length))


def _merged(runs: list[Iterator[list[Entry]]]) -> Iterator[list[Entry]]:
    """Merge sorted runs of blocks.

    What is not beyond the first block to end is complete, and sorting it as a whole is several times faster
    than a heap that looks at every entry.
    """
    heads = [(block, run) for run in runs if (block := next(run, []))]
    while heads:
        bound = min(block[-1][0] for block, _ in heads)
        ready: list[Entry] = []
        left = []
        for block, run in heads:
            end = bisect_right(block, bound, key=_key)
            ready += block[:end]
            if rest := block[end:] or next(run, []):
                left.append((rest, run))
        heads = left
        ready.sort()
        yield ready


def _blocks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    block: list[Entry] = []
    size = 0
    for entry in entries:
        block.append(entry)
        size += len(entry[1])
        if len(block) >= _BLOCK_RECORDS or size >= _BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block

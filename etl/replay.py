"""The quarantine as a source: refused records are judged again, without asking any upstream.

Each record stands on a page of its own: that most are still bad says nothing about an upstream.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime

import msgspec

from db.quarantine import Refused
from db.records import NewAsset
from etl.types import Page, RawRecord, Shape, Source

PER_PAGE = 500
ReadRefused = Callable[[int, int], Awaitable[list[Refused]]]
_pack = msgspec.msgpack.Encoder()
_unpack = msgspec.msgpack.Decoder(list[Refused])


class Replay:
    """What `source` was refused and not replayed yet, or what was chosen of it; `read(after, limit)` gives it by id."""

    restages = True

    def __init__(self, source: Source, read: ReadRefused) -> None:
        self._source = source
        self._read = read

    @property
    def name(self) -> str:
        return self._source.name

    async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
        after = 0
        while refused := await self._read(after, PER_PAGE):
            after = refused[-1].id
            yield Page(_pack.encode(refused), len(refused), datetime.now(UTC), "quarantine", key_of(after))

    async def records(self, pages: AsyncIterable[Page]) -> AsyncIterator[list[RawRecord]]:
        async for page in pages:
            yield [
                RawRecord(
                    key=key_of(refused.id),
                    external_id=refused.external_id,
                    payload=refused.payload.encode(),
                    header=refused.header,
                    page=refused.id,
                )
                for refused in _unpack.decode(page.body)
            ]

    def shape(self, record: RawRecord) -> Shape:
        """Old records say nothing about today's fields."""
        return ()

    def parse(self, record: RawRecord) -> NewAsset:
        return self._source.parse(record)


def key_of(quarantine_id: int) -> str:
    return f"{quarantine_id:018d}"


def id_of(key: str) -> int:
    """The quarantine id of a replayed record."""
    return int(key)

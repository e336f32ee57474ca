"""Small stand-ins at real seams, each as strict as what it stands in for."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from db.records import NewAsset
from etl.sources.json_records import decoder_of, records_by_id, shape_of_json
from etl.types import Page, RawRecord, Shape

MIDNIGHT = datetime(2025, 1, 20, tzinfo=UTC)


class Row(msgspec.Struct):
    id: str
    symbol: str = "X"
    name: str = "X"
    price: float | None = None
    last_updated: datetime | None = None


_row = decoder_of(Row)


def row(coin: str, price: float = 1.0, minute: int = 0) -> bytes:
    """One upstream record, last updated `minute` minutes after midnight."""
    moment = (MIDNIGHT + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")
    return msgspec.json.encode(
        {"id": coin, "symbol": coin[:3], "name": coin.title(), "price": price, "last_updated": moment}
    )


class MemorySource:
    """A source whose upstream is a list of pages, each a list of records as bytes."""

    restages = False

    def __init__(self, pages: Sequence[Sequence[bytes]], name: str = "csv") -> None:
        self.name = name
        self.content = pages
        self.asked: list[int] = []

    async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
        for number in range(len(staged), len(self.content)):
            self.asked.append(number)
            records = self.content[number]
            yield Page(b"[" + b",".join(records) + b"]", len(records), MIDNIGHT, f"memory:{number}")

    def records(self, pages: AsyncIterable[Page]) -> AsyncIterator[list[RawRecord]]:
        return records_by_id(pages, self.parse)

    def shape(self, record: RawRecord) -> Shape:
        return shape_of_json(record)

    def parse(self, record: RawRecord) -> NewAsset:
        found = _row(record.payload)
        return NewAsset(
            external_id=found.id,
            symbol=found.symbol,
            name=found.name,
            price_usd=found.price,
            last_updated=found.last_updated,
        )

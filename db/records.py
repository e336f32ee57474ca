"""What the writer hands to the database: plain values, checked before they get here.

Market figures are float64 in US dollars (percents are percents: 1.5 means 1.5 %), times are aware UTC
datetimes, and None means the upstream does not know.
"""

from datetime import datetime

import msgspec


class NewAsset(msgspec.Struct, frozen=True, gc=False):
    """One coin as one source reports it, in the unified shape."""

    external_id: str
    symbol: str
    name: str
    rank: int | None = None
    price_usd: float | None = None
    market_cap_usd: float | None = None
    volume_24h_usd: float | None = None
    percent_change_1h: float | None = None
    percent_change_24h: float | None = None
    percent_change_7d: float | None = None
    circulating_supply: float | None = None
    total_supply: float | None = None
    max_supply: float | None = None
    ath_usd: float | None = None
    ath_at: datetime | None = None
    last_updated: datetime | None = None


class AcceptedRecord(msgspec.Struct, frozen=True, gc=False):
    """A good record of a window, ready to be written."""

    position: int
    key: str
    record_id: str
    payload: str
    header: str | None
    asset: NewAsset
    superseded: bool = False


class RejectedRecord(msgspec.Struct, frozen=True, gc=False):
    """A bad record of a window, ready to be quarantined.

    `record_key` is the same whenever the same bytes are refused, so a record that stays bad is kept once.
    """

    position: int
    key: str
    external_id: str | None
    record_key: str
    reason: str
    detail: str
    payload: str
    header: str | None


WindowRecord = AcceptedRecord | RejectedRecord

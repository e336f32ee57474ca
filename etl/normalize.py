"""From a raw record to one the database takes, or to the reason why not. Pure: no I/O and no clock.

The rules here hold for every source and give the same verdict whatever the database: what one of them could
not store (NUL, lone surrogates, infinities) is refused before either sees it.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from operator import attrgetter

import msgspec

from db.clock import to_text
from db.records import AcceptedRecord, NewAsset, RejectedRecord, WindowRecord
from db.text import escaped
from etl.errors import RecordInvalid
from etl.types import RawRecord

Parse = Callable[[RawRecord], NewAsset]

MAX_TEXT = 512
MAX_RANK = 2**31 - 1
FUTURE_TOLERANCE = timedelta(minutes=5)
QUARANTINED_BYTES = 64 * 1024
_FIGURES = (
    "price_usd", "market_cap_usd", "volume_24h_usd", "percent_change_1h", "percent_change_24h",
    "percent_change_7d", "circulating_supply", "total_supply", "max_supply", "ath_usd",
)  # fmt: skip
_NEVER_NEGATIVE = (
    "rank", "price_usd", "market_cap_usd", "volume_24h_usd", "circulating_supply", "total_supply",
    "max_supply", "ath_usd",
)  # fmt: skip

_TEXTS = ("external_id", "symbol", "name")
_figures_of = attrgetter(*_FIGURES)
_texts_of = attrgetter(*_TEXTS)
_never_negative_of = attrgetter(*_NEVER_NEGATIVE)


def normalized(
    records: Iterable[RawRecord], parse: Parse, first_position: int, read_at: datetime
) -> Iterator[WindowRecord]:
    """Judge records in order; the first one has position `first_position` in its window (counted from 1).

    `read_at` is when the window was read: no record can be from later than that.
    """
    return (judge(record, parse, position, read_at) for position, record in enumerate(records, first_position))


def judge(record: RawRecord, parse: Parse, position: int, read_at: datetime) -> WindowRecord:
    """Accept or reject one record; never raises for anything an upstream can send."""
    try:
        return _accept(record, _checked(record, parse, read_at), position, read_at)
    except RecordInvalid as invalid:
        return _reject(record, invalid, position)


def refusal(record: RawRecord, parse: Parse, read_at: datetime) -> RecordInvalid | None:
    """Why `judge` would reject the record; None if it would not. Cheaper than judging it."""
    try:
        _checked(record, parse, read_at)
    except RecordInvalid as invalid:
        return invalid
    return None


def _checked(record: RawRecord, parse: Parse, read_at: datetime) -> NewAsset:
    if record.damage is not None:
        raise RecordInvalid("damaged", record.damage)
    asset = parse(record)
    _check_payload(record.payload)
    _check_text(asset)
    figures = _figures_of(asset)
    _check_figures(asset, figures)
    _check_times(asset, read_at)
    # SQLite stores -0.0 as 0.0 and PostgreSQL keeps it; a price change of `-0.00` is 0.0 on both.
    return _without_minus_zero(asset) if 0.0 in figures else asset


def _accept(record: RawRecord, asset: NewAsset, position: int, read_at: datetime) -> AcceptedRecord:
    record_id = f"{asset.external_id}{_version(asset.last_updated)}#{_content_hash(record.payload)}"
    if asset.last_updated is None and record.dated is not None:
        # A file's date can lie in the future as well; it is no more than a hint.
        asset = msgspec.structs.replace(asset, last_updated=min(record.dated, read_at))
    return AcceptedRecord(
        position=position,
        key=record.key,
        record_id=record_id,
        payload=record.payload.decode(),
        header=record.header,
        asset=asset,
        superseded=record.superseded,
    )


def shown_id(record: RawRecord) -> str | None:
    """The record's external id as it can be stored and shown, whatever it is."""
    return escaped(record.external_id)[:MAX_TEXT] if record.external_id is not None else None


def _reject(record: RawRecord, invalid: RecordInvalid, position: int) -> RejectedRecord:
    return RejectedRecord(
        position=position,
        key=record.key,
        external_id=shown_id(record),
        record_key=f"{invalid.reason}#{_content_hash(record.payload)}",
        reason=invalid.reason,
        detail=escaped(invalid.detail)[:1000],
        payload=escaped(record.payload[:QUARANTINED_BYTES].decode("utf-8", "backslashreplace")),
        header=record.header,
    )


def _check_payload(payload: bytes) -> None:
    try:
        payload.isascii() or payload.decode()
    except UnicodeDecodeError as error:
        raise RecordInvalid("not_utf8", str(error)) from error
    if b"\x00" in payload:
        raise RecordInvalid("nul", "the record contains a NUL character")


def _check_text(asset: NewAsset) -> None:
    if not asset.external_id:
        raise RecordInvalid("missing_id", "the id is empty")
    for value in _texts_of(asset):
        # Nothing printable has to be escaped, and nearly everything is printable.
        if len(value) > MAX_TEXT or not (value.isprintable() or escaped(value) == value):
            raise _bad_text(asset)


def _bad_text(asset: NewAsset) -> RecordInvalid:
    for name, value in zip(_TEXTS, _texts_of(asset), strict=True):
        if len(value) > MAX_TEXT:
            return RecordInvalid("too_long", f"{name} has {len(value)} characters, {MAX_TEXT} are allowed")
        if escaped(value) != value:
            return RecordInvalid("bad_text", f"{name} contains NUL or a lone surrogate: {value!a:.100}")
    raise AssertionError("one of the texts is bad")


def _without_minus_zero(asset: NewAsset) -> NewAsset:
    return msgspec.structs.replace(asset, **{name: 0.0 for name in _FIGURES if getattr(asset, name) == 0.0})


def _check_figures(asset: NewAsset, figures: tuple[float | None, ...]) -> None:
    # A sum is finite only if all of its parts are; one look at all figures passes nearly every record.
    if not math.isfinite(sum(filter(None, figures))):
        for name, value in zip(_FIGURES, figures, strict=True):
            if value is not None and not math.isfinite(value):
                raise RecordInvalid("not_finite", f"{name} is {value}")
    if min(filter(None, _never_negative_of(asset)), default=0) < 0:
        for name, value in zip(_NEVER_NEGATIVE, _never_negative_of(asset), strict=True):
            if value is not None and value < 0:
                raise RecordInvalid("negative", f"{name} is {value}")
    if asset.rank is not None and asset.rank > MAX_RANK:
        raise RecordInvalid("out_of_range", f"rank is {asset.rank}")


def _check_times(asset: NewAsset, read_at: datetime) -> None:
    for name, value in (("ath_at", asset.ath_at), ("last_updated", asset.last_updated)):
        if value is not None and (value.tzinfo is None or not 1900 <= value.year <= 2200):
            raise RecordInvalid("bad_date", f"{name} is {value.isoformat()}")
    # A time in the future would win against every later record and freeze the asset.
    if asset.last_updated and asset.last_updated > read_at + FUTURE_TOLERANCE:
        raise RecordInvalid("future", f"last_updated is {to_text(asset.last_updated)}, read at {to_text(read_at)}")


def _version(last_updated: datetime | None) -> str:
    return f"@{to_text(last_updated)}" if last_updated is not None else ""


def _content_hash(payload: bytes) -> str:
    return hashlib.blake2b(payload, digest_size=16).hexdigest()

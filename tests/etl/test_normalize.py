"""The rules every record has to pass, whatever the source and the database."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.records import AcceptedRecord, NewAsset, RejectedRecord
from etl.errors import RecordInvalid
from etl.normalize import judge, normalized
from etl.sources.coingecko import CoinGecko
from etl.sources.coinpaprika import CoinPaprika
from etl.types import RawRecord

NOON = datetime(2025, 1, 20, 12, tzinfo=UTC)
GOOD = NewAsset(external_id="btc", symbol="btc", name="Bitcoin", price_usd=1.0, last_updated=NOON)


def verdict(asset: NewAsset, payload: bytes = b"{}") -> AcceptedRecord | RejectedRecord:
    record = RawRecord(key="btc", external_id="btc", payload=payload)
    return judge(record, lambda _: asset, 1, NOON)


BAD = [
    ({"external_id": ""}, "missing_id"),
    ({"external_id": "x" * 513}, "too_long"),
    ({"name": "a\x00b"}, "bad_text"),
    ({"symbol": "\ud800"}, "bad_text"),
    ({"price_usd": float("inf")}, "not_finite"),
    ({"percent_change_1h": float("nan")}, "not_finite"),
    ({"total_supply": -1.0}, "negative"),
    ({"rank": 2**31}, "out_of_range"),
    ({"last_updated": NOON + timedelta(minutes=6)}, "future"),
    ({"last_updated": datetime(2025, 1, 1)}, "bad_date"),  # noqa: DTZ001
    ({"ath_at": datetime(1, 1, 1, tzinfo=UTC)}, "bad_date"),
]


@pytest.mark.parametrize(("change", "reason"), BAD)
def test_a_broken_rule_is_named(change: dict[str, object], reason: str) -> None:
    found = verdict(msgspec.structs.replace(GOOD, **change))
    assert isinstance(found, RejectedRecord)
    assert found.reason == reason


@pytest.mark.parametrize(
    "change",
    [
        {"last_updated": NOON + timedelta(minutes=4)},
        {"percent_change_24h": -99.0},
        {"symbol": "", "name": ""},
        {"price_usd": 1e-30, "max_supply": 1e24},
    ],
)
def test_what_is_odd_but_possible_is_accepted(change: dict[str, object]) -> None:
    assert isinstance(verdict(msgspec.structs.replace(GOOD, **change)), AcceptedRecord)


def test_minus_zero_is_zero() -> None:
    found = verdict(msgspec.structs.replace(GOOD, percent_change_1h=-0.0))
    assert isinstance(found, AcceptedRecord)
    assert str(found.asset.percent_change_1h) == "0.0"


def test_a_version_is_the_id_the_time_and_the_content() -> None:
    first, other = verdict(GOOD, b"{}"), verdict(GOOD, b"{ }")
    assert isinstance(first, AcceptedRecord)
    assert isinstance(other, AcceptedRecord)
    assert first.record_id.startswith("btc@2025-01-20T12:00:00.000000Z#")
    assert first.record_id != other.record_id


def test_a_records_own_time_wins_over_the_files() -> None:
    undated = msgspec.structs.replace(GOOD, last_updated=None)
    record = RawRecord(key="btc", external_id="btc", payload=b"{}", dated=NOON - timedelta(days=1))
    found = judge(record, lambda _: undated, 1, NOON)
    assert isinstance(found, AcceptedRecord)
    assert found.asset.last_updated == NOON - timedelta(days=1)
    assert found.record_id.startswith("btc#")


def test_a_damaged_record_keeps_64_kb_that_any_database_can_hold() -> None:
    record = RawRecord(key="k", external_id="a\x00", payload=b"\x00\xff" * 100_000, damage="cut off")
    found = judge(record, lambda _: GOOD, 1, NOON)
    assert isinstance(found, RejectedRecord)
    assert "\x00" not in found.payload + (found.external_id or "")
    assert found.payload.startswith("\\x00\\xff")


HOSTILE = [
    (b'{"id":"a","symbol":"a","name":"a","current_price":NaN}', "not_json"),
    (b'{"id":"a","symbol":"a","name":"a","current_price":1e999}', "wrong_type"),
    (b'{"id":"a","symbol":"a","name":"a","current_price":' + b"9" * 5000 + b"}", "wrong_type"),
    (b'{"id":"a","symbol":"a","name":"a","current_price":"1"}', "wrong_type"),
    (b'{"id":"a","symbol":"a","name":"\\u0000"}', "bad_text"),
    (b'{"id":"a","symbol":"a","name":"\\ud800"}', "not_json"),
    (b'{"id":"a","symbol":"a","name":"\xff"}', "not_json"),
    (b'{"id":"a","symbol":"a","name":"a","roi":' + b"[" * 5000 + b"]" * 5000 + b"}", "too_deep"),
    (b'{"id":"a","symbol":"a","name":"a","market_cap_rank":1.5}', "wrong_type"),
    (b'{"id":"a","symbol":"a","name":"a","last_updated":"yesterday"}', "wrong_type"),
    (b'{"symbol":"a","name":"a"}', "wrong_type"),
    (b"[]", "wrong_type"),
    (b"", "not_json"),
]


@pytest.mark.parametrize(("payload", "reason"), HOSTILE)
def test_hostile_json_is_quarantined_with_a_reason(payload: bytes, reason: str) -> None:
    record = RawRecord(key="a", external_id="a", payload=payload)
    found = judge(record, CoinGecko.parse.__get__(object()), 1, NOON)
    assert isinstance(found, RejectedRecord)
    assert found.reason == reason


KEYS = ["id", "symbol", "name", "quotes", "USD", "price", "current_price", "rank", "last_updated", "max_supply"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=6),
    max_leaves=12,
)


@given(value=JSON)
def test_no_json_ever_raises(value: object) -> None:
    payload = json.dumps(value).encode("utf-8", "surrogatepass")
    records = [RawRecord(key="k", external_id=None, payload=payload)]
    for source in (CoinGecko, CoinPaprika):
        assert len(list(normalized(records, source.parse.__get__(object()), 1, NOON))) == 1


def test_a_parser_raises_only_record_invalid() -> None:
    with pytest.raises(RecordInvalid):
        CoinPaprika.parse.__get__(object())(RawRecord(key="k", external_id=None, payload=b'{"id":1}'))

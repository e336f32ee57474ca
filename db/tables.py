"""Every table, columns only. The names are public: people query them by SQL (PRODUCT: database).

Times are UTC. Market figures are float64 US dollars; NULL is unknown. `*_folded` columns hold the Unicode
case-folded text that filters and sorts use, so that both databases agree.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)

from db.clock import UtcDateTime
from db.enums import ACTIVE, RunMode, RunStatus, RunTrigger, WindowState
from db.id_list import IdList

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")
# Byte order on both databases: PostgreSQL's default collations would sort and compare by locale.
Word = Text().with_variant(Text(collation="C"), "postgresql")


def _one_of(column: str, words: Iterable[StrEnum]) -> CheckConstraint:
    values = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({values})", name=column)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _outcome_counts() -> list[Column[int]]:
    return [_count(name) for name in OUTCOME_COUNTS]


OUTCOME_COUNTS = ("inserted", "updated", "unchanged", "stale", "missing", "quarantined")
FIGURES = (
    "price_usd",
    "market_cap_usd",
    "volume_24h_usd",
    "percent_change_1h",
    "percent_change_24h",
    "percent_change_7d",
    "circulating_supply",
    "total_supply",
    "max_supply",
    "ath_usd",
)

sources = Table(
    "etl_sources",
    metadata,
    Column("source", Word, primary_key=True),
    Column("paused_at", UtcDateTime),
    _count("asset_count"),
    _count("raw_count"),
    Column("newest_last_updated", UtcDateTime),
    Column("newest_updated_at", UtcDateTime),
    Column("retained_after", Id),
    Column("history_since", UtcDateTime),
    Column("history_hourly_until", UtcDateTime),
    Column("history_daily_until", UtcDateTime),
    Column("contracts_at", UtcDateTime),
)

leases = Table(
    "etl_leases",
    metadata,
    Column("source", Word, primary_key=True),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("holder", Text),
    Column("heartbeat_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
)

windows = Table(
    "etl_windows",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Word, nullable=False),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("staged_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("planned", BigInteger),
    Column("replay_ids", IdList),
    _one_of("state", WindowState),
    _one_of("mode", RunMode),
    Index("uq_etl_windows_open", "source", unique=True, sqlite_where=text("state = 'open'"),
          postgresql_where=text("state = 'open'")),
    sqlite_autoincrement=True,
)  # fmt: skip

window_pages = Table(
    "etl_window_pages",
    metadata,
    Column("window_id", Id, ForeignKey("etl_windows.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("records", Integer, nullable=False),
    Column("last_key", Word),
    Column("origin", Text, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
)

runs = Table(
    "etl_runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Word, nullable=False),
    Column("mode", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("window_id", Id, ForeignKey("etl_windows.id")),
    Column("epoch", BigInteger),
    _count("records_processed"),
    *_outcome_counts(),
    Column("total", BigInteger),
    Column("injected_failure", Boolean, nullable=False, server_default=false()),
    Column("fail_after", BigInteger),
    Column("error", Text),
    Column("resumed_after", Text),
    Column("start_position", BigInteger, nullable=False, server_default="0"),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("run_started_at", UtcDateTime),
    Column("run_finished_at", UtcDateTime),
    Column("cancel_requested_at", UtcDateTime),
    Column("replay_ids", IdList),
    _one_of("status", RunStatus),
    _one_of("mode", RunMode),
    _one_of("trigger", RunTrigger),
    Index("uq_etl_runs_active", "source", unique=True,
          sqlite_where=text("status IN ('queued', 'running')"),
          postgresql_where=text("status IN ('queued', 'running')")),
    UniqueConstraint("source", "epoch"),
    Index("ix_etl_runs_source_id", "source", "id"),
    sqlite_autoincrement=True,
)  # fmt: skip

# As the partial index says it: with values bound, SQLite would not know that the index fits.
IS_ACTIVE = runs.c.status.in_([literal_column(f"'{status.value}'") for status in ACTIVE])

# Of the runs that ended: see run_counts.
run_totals = Table(
    "etl_run_totals",
    metadata,
    Column("source", Word, primary_key=True),
    Column("status", Text, primary_key=True),
    _count("run_count"),
    _count("records_processed"),
    Column("last_finished_at", UtcDateTime),
    _one_of("status", [each for each in RunStatus if each not in ACTIVE]),
)

requests = Table(
    "etl_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Word, nullable=False),
    Column("mode", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("slot", UtcDateTime),
    Column("idempotency_key", Word),
    Column("asked", Text, nullable=False),
    Column("run_id", Id, ForeignKey("etl_runs.id"), nullable=False),
    Column("started", Boolean, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    UniqueConstraint("source", "slot"),
    UniqueConstraint("idempotency_key", "source"),
    Index("ix_etl_requests_run_id", "run_id"),
)

run_events = Table(
    "etl_run_events",
    metadata,
    Column("source", Word, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("run_id", Id, ForeignKey("etl_runs.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_etl_run_events_run_id_sequence", "run_id", "sequence"),
)

checkpoints = Table(
    "etl_checkpoints",
    metadata,
    Column("source", Word, primary_key=True),
    Column("window_id", Id, ForeignKey("etl_windows.id"), nullable=False),
    Column("run_id", Id, ForeignKey("etl_runs.id")),
    Column("last_record_id", Text),
    Column("last_key", Word),
    Column("position", BigInteger, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("total", BigInteger),
    Column("complete", Boolean, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

batches = Table(
    "etl_batches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Word, nullable=False),
    Column("window_id", Id, ForeignKey("etl_windows.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("run_id", Id, ForeignKey("etl_runs.id"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("from_position", BigInteger, nullable=False),
    Column("to_position", BigInteger, nullable=False),
    _count("seen"),
    *_outcome_counts(),
    _count("raw_inserted"),
    Column("outcomes", Text, nullable=False),
    Column("last_record_id", Text),
    Column("committed_at", UtcDateTime, nullable=False),
    UniqueConstraint("window_id", "sequence"),
    Index("ix_etl_batches_run_id_sequence", "run_id", "sequence"),
    sqlite_autoincrement=True,
)

raw_headers = Table(
    "raw_headers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", Word, nullable=False, unique=True),
    Column("header", Text, nullable=False),
)

raw_assets = Table(
    "raw_assets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Word, nullable=False),
    Column("record_id", Word, nullable=False),
    Column("external_id", Word, nullable=False),
    Column("payload", Text, nullable=False),
    Column("header_id", Id, ForeignKey("raw_headers.id")),
    Column("last_updated", UtcDateTime),
    Column("run_id", Id, ForeignKey("etl_runs.id"), nullable=False),
    Column("window_id", Id, ForeignKey("etl_windows.id"), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("ingested_at", UtcDateTime, nullable=False),
    UniqueConstraint("source", "record_id"),
    Index("ix_raw_assets_run_id", "run_id"),
    Index("ix_raw_assets_source_external_id", "source", "external_id"),
)

assets = Table(
    "assets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Word, nullable=False),
    Column("external_id", Word, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("rank", Integer),
    *(Column(name, Double) for name in FIGURES),
    Column("ath_at", UtcDateTime),
    Column("last_updated", UtcDateTime),
    Column("external_id_folded", Word, nullable=False),
    Column("symbol_folded", Word, nullable=False),
    Column("name_folded", Word, nullable=False),
    Column("record_id", Word, nullable=False),
    Column("run_id", Id, ForeignKey("etl_runs.id"), nullable=False),
    Column("window_id", Id, ForeignKey("etl_windows.id"), nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("source", "external_id"),
    Index("ix_assets_rank_id", "rank", "id"),
    Index("ix_assets_symbol_folded_id", "symbol_folded", "id"),
    Index("ix_assets_name_folded_id", "name_folded", "id"),
    Index("ix_assets_market_cap_usd_id", "market_cap_usd", "id"),
)

# Case-folded words of symbols, names and external ids; see `words`. (Their full text, `asset_search`, is a virtual
# table on SQLite; see `trigrams`.)
asset_words = Table(
    "asset_words",
    metadata,
    Column("length", Integer, primary_key=True, autoincrement=False),
    Column("word", Word, primary_key=True),
    Column("reversed", Word, nullable=False),
    Index("ix_asset_words_length_reversed", "length", "reversed"),
)

asset_history = Table(
    "asset_history",
    metadata,
    Column("id", Id, primary_key=True),
    Column("asset_id", Id, ForeignKey("assets.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("price_usd", Double),
    Column("market_cap_usd", Double),
    Column("volume_24h_usd", Double),
    Column("rank", Integer),
    Column("record_id", Word, nullable=False),
    Column("run_id", Id, ForeignKey("etl_runs.id"), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ix_asset_history_asset_id_at_id", "asset_id", "at", "id"),
    Index("ix_asset_history_asset_id_recorded_at_id", "asset_id", "recorded_at", "id"),
)

quarantine = Table(
    "etl_quarantine",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Word, nullable=False),
    Column("record_key", Word, nullable=False),
    Column("external_id", Text),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("header_id", Id, ForeignKey("raw_headers.id")),
    Column("run_id", Id, ForeignKey("etl_runs.id"), nullable=False),
    Column("window_id", Id, ForeignKey("etl_windows.id"), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("replayed_at", UtcDateTime),
    Column("replay_run_id", Id, ForeignKey("etl_runs.id")),
    UniqueConstraint("source", "record_key"),
    Index("ix_etl_quarantine_source_id", "source", "id"),
    Index("ix_etl_quarantine_run_id_id", "run_id", "id"),
    Index("ix_etl_quarantine_waiting", "source", "id", sqlite_where=text("replayed_at IS NULL"),
          postgresql_where=text("replayed_at IS NULL")),
)  # fmt: skip

calls = Table(
    "etl_calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Word, nullable=False),
    Column("called_at", UtcDateTime, nullable=False),
    Index("ix_etl_calls_source_called_at", "source", "called_at"),
)

call_months = Table(
    "etl_call_months",
    metadata,
    Column("source", Word, primary_key=True),
    Column("month", Word, primary_key=True),
    _count("calls"),
)

circuits = Table(
    "etl_circuits",
    metadata,
    Column("source", Word, primary_key=True),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_error", Text),
    Column("opened_at", UtcDateTime),
    Column("retry_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False),
)

fields = Table(
    "etl_fields",
    metadata,
    Column("source", Word, primary_key=True),
    Column("path", Word, primary_key=True),
    Column("types", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

drift_events = Table(
    "etl_drift_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Word, nullable=False),
    Column("path", Word, nullable=False),
    Column("kind", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("affected_percent", Double),
    Column("run_id", Id, ForeignKey("etl_runs.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_etl_drift_events_source_id", "source", "id"),
)

# One coin, whatever the source. A coin's id and slug follow from its first asset (see `coins`), so that the same assets
# make the same coins in whatever order they came.
coins = Table(
    "coins",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", Word, nullable=False),
    Column("external_id", Word, nullable=False),
    Column("slug_base", Word, nullable=False),
    Column("slug", Word, nullable=False, unique=True),
    Column("symbol", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("rank", Integer),
    Column("price_usd", Double),
    Column("divergence_percent", Double),
    Column("market_cap_usd", Double),
    Column("symbol_folded", Word, nullable=False),
    Column("name_folded", Word, nullable=False),
    # Whether its slug is another text than the id of the asset that it is named after.
    Column("own_slug", Boolean, nullable=False, server_default=false()),
    Index("ix_coins_slug_base", "slug_base"),
    Index("ix_coins_rank_id", "rank", "id"),
    Index("ix_coins_symbol_folded_id", "symbol_folded", "id"),
    Index("ix_coins_name_folded_id", "name_folded", "id"),
    Index("ix_coins_own_slug", "slug", sqlite_where=text("own_slug = 1"), postgresql_where=text("own_slug")),
)

# Which coin each asset is, and why. `own_coin_id` is the id of the coin that is named after this asset.
coin_assets = Table(
    "coin_assets",
    metadata,
    Column("asset_id", Id, ForeignKey("assets.id"), primary_key=True, autoincrement=False),
    Column("coin_id", BigInteger, ForeignKey("coins.id"), nullable=False),
    Column("own_coin_id", BigInteger, nullable=False),
    Column("traits", Word, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("manual", Boolean, nullable=False),
    Column("fresh", Boolean, nullable=False),
    Index("ix_coin_assets_coin_id", "coin_id"),
    Index("ix_coin_assets_own_coin_id", "own_coin_id"),
)

# What an asset must share with another to be compared with it: its symbol, forms of its name, its contracts. Without a
# foreign key: PostgreSQL would look up and lock each asset several times for what a pass can always work out anew.
coin_keys = Table(
    "coin_keys",
    metadata,
    Column("key", Word, primary_key=True),
    Column("asset_id", Id, primary_key=True, autoincrement=False),
    Index("ix_coin_keys_asset_id", "asset_id"),
    sqlite_with_rowid=False,
)

# Every two assets that were compared, the one of the lower source and external id first. `doubt` says why a pair that
# a person should look at is not linked.
coin_pairs = Table(
    "coin_pairs",
    metadata,
    Column("one_id", Id, ForeignKey("assets.id"), primary_key=True, autoincrement=False),
    Column("other_id", Id, ForeignKey("assets.id"), primary_key=True, autoincrement=False),
    Column("weight", Double, nullable=False),
    Column("score", Double, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("contract", Boolean),
    Column("doubt", Text),
    Index("ix_coin_pairs_other_id", "other_id"),
    Index("ix_coin_pairs_doubtful", "score", sqlite_where=text("doubt IS NOT NULL"),
          postgresql_where=text("doubt IS NOT NULL")),
)  # fmt: skip

# How far the linking of each source's assets has come in the journal, and how many coins are named after one of them.
# The row of no source holds the number of the rules, and is what passes lock.
coin_marks = Table(
    "coin_marks",
    metadata,
    Column("source", Word, primary_key=True),
    Column("batch_id", BigInteger, nullable=False),
    _count("coin_count"),
)

# What people decided of two assets (the lower first): `link` or `cut`. Named by external id, so that it outlives them.
coin_decisions = Table(
    "coin_decisions",
    metadata,
    Column("source", Word, primary_key=True),
    Column("external_id", Word, primary_key=True),
    Column("other_source", Word, primary_key=True),
    Column("other_external_id", Word, primary_key=True),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    CheckConstraint("decision IN ('link', 'cut')", name="decision"),
)

# Everything that was ever done by hand, in order.
coin_actions = Table(
    "coin_actions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("action", Text, nullable=False),
    Column("assets", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

# Addresses are in one form (see etl.identity.contracts). Named by external id: they may be known before the asset is.
asset_contracts = Table(
    "asset_contracts",
    metadata,
    Column("source", Word, primary_key=True),
    Column("external_id", Word, primary_key=True),
    Column("platform", Word, primary_key=True),
    Column("address", Word, primary_key=True),
)

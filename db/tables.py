"""Every table, columns only. The names are public: people query them by SQL (PRODUCT: database).

Times are UTC. Market figures are float64 US dollars; NULL is unknown. `*_folded` columns hold the Unicode
case-folded text that filters and sorts use, so that both databases agree.
"""

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
    text,
)

from db.clock import UtcDateTime
from db.enums import RunMode, RunStatus, RunTrigger, WindowState
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


def _one_of(column: str, words: type[RunStatus | RunMode | RunTrigger | WindowState]) -> CheckConstraint:
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

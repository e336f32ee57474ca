"""The first tables: sources, runs, windows, journal, checkpoints, raw records, assets, history, quarantine."""

import sqlalchemy as sa
from alembic import op

from db.clock import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "etl_call_months",
        sa.Column("source", Word, nullable=False),
        sa.Column("month", Word, nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("source", "month", name="pk_etl_call_months"),
    )
    op.create_table(
        "etl_calls",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("called_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_etl_calls"),
    )
    op.create_index("ix_etl_calls_source_called_at", "etl_calls", ["source", "called_at"], unique=False)
    op.create_table(
        "etl_circuits",
        sa.Column("source", Word, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_etl_circuits"),
    )
    op.create_table(
        "etl_fields",
        sa.Column("source", Word, nullable=False),
        sa.Column("path", Word, nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "path", name="pk_etl_fields"),
    )
    op.create_table(
        "etl_leases",
        sa.Column("source", Word, nullable=False),
        sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("heartbeat_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("source", name="pk_etl_leases"),
    )
    op.create_table(
        "etl_sources",
        sa.Column("source", Word, nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("asset_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("raw_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("newest_last_updated", UtcDateTime(), nullable=True),
        sa.Column("newest_updated_at", UtcDateTime(), nullable=True),
        sa.Column("retained_after", Id, nullable=True),
        sa.PrimaryKeyConstraint("source", name="pk_etl_sources"),
    )
    op.create_table(
        "etl_windows",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("staged_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("planned", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("mode IN ('incremental', 'full', 'replay')", name="mode"),
        sa.CheckConstraint("state IN ('open', 'closed', 'superseded')", name="state"),
        sa.PrimaryKeyConstraint("id", name="pk_etl_windows"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_etl_windows_open",
        "etl_windows",
        ["source"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "raw_headers",
        sa.Column("id", Id, nullable=False),
        sa.Column("digest", Word, nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_raw_headers"),
        sa.UniqueConstraint("digest", name="uq_raw_headers_digest"),
    )
    op.create_table(
        "etl_runs",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("window_id", Id, nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=True),
        sa.Column("records_processed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("inserted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stale", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("missing", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quarantined", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("injected_failure", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("fail_after", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("resumed_after", sa.Text(), nullable=True),
        sa.Column("start_position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("run_started_at", UtcDateTime(), nullable=True),
        sa.Column("run_finished_at", UtcDateTime(), nullable=True),
        sa.Column("cancel_requested_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("mode IN ('incremental', 'full', 'replay')", name="mode"),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'success', 'failed', 'interrupted', 'cancelled', 'abandoned')",
            name="status",
        ),
        sa.CheckConstraint("trigger IN ('schedule', 'manual', 'startup', 'cli')", name="trigger"),
        sa.ForeignKeyConstraint(["window_id"], ["etl_windows.id"], name="fk_etl_runs_window_id"),
        sa.PrimaryKeyConstraint("id", name="pk_etl_runs"),
        sa.UniqueConstraint("source", "epoch", name="uq_etl_runs_source_epoch"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_etl_runs_source_id", "etl_runs", ["source", "id"], unique=False)
    op.create_index(
        "uq_etl_runs_active",
        "etl_runs",
        ["source"],
        unique=True,
        sqlite_where=sa.text("status IN ('queued', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_table(
        "etl_window_pages",
        sa.Column("window_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("last_key", Word, nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["window_id"], ["etl_windows.id"], name="fk_etl_window_pages_window_id"),
        sa.PrimaryKeyConstraint("window_id", "number", name="pk_etl_window_pages"),
    )
    op.create_table(
        "assets",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("external_id", Word, nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("price_usd", sa.Double(), nullable=True),
        sa.Column("market_cap_usd", sa.Double(), nullable=True),
        sa.Column("volume_24h_usd", sa.Double(), nullable=True),
        sa.Column("percent_change_1h", sa.Double(), nullable=True),
        sa.Column("percent_change_24h", sa.Double(), nullable=True),
        sa.Column("percent_change_7d", sa.Double(), nullable=True),
        sa.Column("circulating_supply", sa.Double(), nullable=True),
        sa.Column("total_supply", sa.Double(), nullable=True),
        sa.Column("max_supply", sa.Double(), nullable=True),
        sa.Column("ath_usd", sa.Double(), nullable=True),
        sa.Column("ath_at", UtcDateTime(), nullable=True),
        sa.Column("last_updated", UtcDateTime(), nullable=True),
        sa.Column("external_id_folded", Word, nullable=False),
        sa.Column("symbol_folded", Word, nullable=False),
        sa.Column("name_folded", Word, nullable=False),
        sa.Column("record_id", Word, nullable=False),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("window_id", Id, nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["etl_runs.id"], name="fk_assets_run_id"),
        sa.ForeignKeyConstraint(["window_id"], ["etl_windows.id"], name="fk_assets_window_id"),
        sa.PrimaryKeyConstraint("id", name="pk_assets"),
        sa.UniqueConstraint("source", "external_id", name="uq_assets_source_external_id"),
    )
    op.create_index("ix_assets_market_cap_usd_id", "assets", ["market_cap_usd", "id"], unique=False)
    op.create_index("ix_assets_name_folded_id", "assets", ["name_folded", "id"], unique=False)
    op.create_index("ix_assets_rank_id", "assets", ["rank", "id"], unique=False)
    op.create_index("ix_assets_symbol_folded_id", "assets", ["symbol_folded", "id"], unique=False)
    op.create_table(
        "etl_batches",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("window_id", Id, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("from_position", sa.BigInteger(), nullable=False),
        sa.Column("to_position", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("inserted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stale", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("missing", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quarantined", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("raw_inserted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("outcomes", sa.Text(), nullable=False),
        sa.Column("last_record_id", sa.Text(), nullable=True),
        sa.Column("committed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["etl_runs.id"], name="fk_etl_batches_run_id"),
        sa.ForeignKeyConstraint(["window_id"], ["etl_windows.id"], name="fk_etl_batches_window_id"),
        sa.PrimaryKeyConstraint("id", name="pk_etl_batches"),
        sa.UniqueConstraint("window_id", "sequence", name="uq_etl_batches_window_id_sequence"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_etl_batches_run_id_sequence", "etl_batches", ["run_id", "sequence"], unique=False)
    op.create_table(
        "etl_checkpoints",
        sa.Column("source", Word, nullable=False),
        sa.Column("window_id", Id, nullable=False),
        sa.Column("run_id", Id, nullable=True),
        sa.Column("last_record_id", sa.Text(), nullable=True),
        sa.Column("last_key", Word, nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["etl_runs.id"], name="fk_etl_checkpoints_run_id"),
        sa.ForeignKeyConstraint(["window_id"], ["etl_windows.id"], name="fk_etl_checkpoints_window_id"),
        sa.PrimaryKeyConstraint("source", name="pk_etl_checkpoints"),
    )
    op.create_table(
        "etl_drift_events",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("path", Word, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("affected_percent", sa.Double(), nullable=True),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["etl_runs.id"], name="fk_etl_drift_events_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_etl_drift_events"),
    )
    op.create_table(
        "etl_quarantine",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("record_key", Word, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("header_id", Id, nullable=True),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("window_id", Id, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("replayed_at", UtcDateTime(), nullable=True),
        sa.Column("replay_run_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["header_id"], ["raw_headers.id"], name="fk_etl_quarantine_header_id"),
        sa.ForeignKeyConstraint(["replay_run_id"], ["etl_runs.id"], name="fk_etl_quarantine_replay_run_id"),
        sa.ForeignKeyConstraint(["run_id"], ["etl_runs.id"], name="fk_etl_quarantine_run_id"),
        sa.ForeignKeyConstraint(["window_id"], ["etl_windows.id"], name="fk_etl_quarantine_window_id"),
        sa.PrimaryKeyConstraint("id", name="pk_etl_quarantine"),
        sa.UniqueConstraint("source", "record_key", name="uq_etl_quarantine_source_record_key"),
    )
    op.create_table(
        "etl_requests",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("slot", UtcDateTime(), nullable=True),
        sa.Column("idempotency_key", Word, nullable=True),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("started", sa.Boolean(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["etl_runs.id"], name="fk_etl_requests_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_etl_requests"),
        sa.UniqueConstraint("idempotency_key", "source", name="uq_etl_requests_idempotency_key_source"),
        sa.UniqueConstraint("source", "slot", name="uq_etl_requests_source_slot"),
    )
    op.create_index("ix_etl_requests_run_id", "etl_requests", ["run_id"], unique=False)
    op.create_table(
        "raw_assets",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("record_id", Word, nullable=False),
        sa.Column("external_id", Word, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("header_id", Id, nullable=True),
        sa.Column("last_updated", UtcDateTime(), nullable=True),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("window_id", Id, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("ingested_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["header_id"], ["raw_headers.id"], name="fk_raw_assets_header_id"),
        sa.ForeignKeyConstraint(["run_id"], ["etl_runs.id"], name="fk_raw_assets_run_id"),
        sa.ForeignKeyConstraint(["window_id"], ["etl_windows.id"], name="fk_raw_assets_window_id"),
        sa.PrimaryKeyConstraint("id", name="pk_raw_assets"),
        sa.UniqueConstraint("source", "record_id", name="uq_raw_assets_source_record_id"),
    )
    op.create_index("ix_raw_assets_run_id", "raw_assets", ["run_id"], unique=False)
    op.create_index("ix_raw_assets_source_external_id", "raw_assets", ["source", "external_id"], unique=False)
    op.create_table(
        "asset_history",
        sa.Column("id", Id, nullable=False),
        sa.Column("asset_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("price_usd", sa.Double(), nullable=True),
        sa.Column("market_cap_usd", sa.Double(), nullable=True),
        sa.Column("volume_24h_usd", sa.Double(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("record_id", Word, nullable=False),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name="fk_asset_history_asset_id"),
        sa.ForeignKeyConstraint(["run_id"], ["etl_runs.id"], name="fk_asset_history_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_asset_history"),
    )
    op.create_index("ix_asset_history_asset_id_at_id", "asset_history", ["asset_id", "at", "id"], unique=False)

"""Runs are counted as they end: totals no longer take the longer, the more runs there were."""

import sqlalchemy as sa
from alembic import op

from db.clock import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_COUNT = """
    INSERT INTO etl_run_totals (source, status, run_count, records_processed, last_finished_at)
    SELECT source, status, count(*), sum(records_processed), max(run_finished_at) FROM etl_runs
    WHERE status NOT IN ('queued', 'running') GROUP BY source, status"""
_ENDINGS = "status IN ('success', 'failed', 'interrupted', 'cancelled', 'abandoned')"


def upgrade() -> None:
    collation = None if op.get_bind().dialect.name == "sqlite" else "C"
    op.create_table(
        "etl_run_totals",
        sa.Column("source", sa.Text(collation=collation), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("run_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("records_processed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(_ENDINGS, name="ck_etl_run_totals_status"),
        sa.PrimaryKeyConstraint("source", "status", name="pk_etl_run_totals"),
    )
    op.execute(_COUNT)

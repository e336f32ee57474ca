"""Read quarantine and drift in order, and replay chosen records."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WAITING = sa.text("replayed_at IS NULL")


def upgrade() -> None:
    op.add_column("etl_windows", sa.Column("replay_ids", sa.Text(), nullable=True))
    op.add_column("etl_runs", sa.Column("replay_ids", sa.Text(), nullable=True))
    op.create_index("ix_etl_quarantine_source_id", "etl_quarantine", ["source", "id"])
    op.create_index("ix_etl_quarantine_run_id_id", "etl_quarantine", ["run_id", "id"])
    op.create_index(
        "ix_etl_quarantine_waiting",
        "etl_quarantine",
        ["source", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index("ix_etl_drift_events_source_id", "etl_drift_events", ["source", "id"])

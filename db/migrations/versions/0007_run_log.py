"""Find what happened to one run."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_etl_run_events_run_id_sequence", "etl_run_events", ["run_id", "sequence"])

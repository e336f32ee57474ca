"""What happened to each run, in order, for those who follow along."""

import sqlalchemy as sa
from alembic import op

from db.clock import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "etl_run_events",
        sa.Column("source", Word, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["etl_runs.id"], name="fk_etl_run_events_run_id"),
        sa.PrimaryKeyConstraint("source", "sequence", name="pk_etl_run_events"),
    )

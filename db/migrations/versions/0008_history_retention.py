"""Remember how far history was thinned out."""

import sqlalchemy as sa
from alembic import op

from db.clock import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("etl_sources", sa.Column("history_hourly_until", UtcDateTime(), nullable=True))
    op.add_column("etl_sources", sa.Column("history_daily_until", UtcDateTime(), nullable=True))

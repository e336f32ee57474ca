"""Remember when a source's list of contracts was read."""

import sqlalchemy as sa
from alembic import op

from db.clock import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("etl_sources", sa.Column("contracts_at", UtcDateTime(), nullable=True))

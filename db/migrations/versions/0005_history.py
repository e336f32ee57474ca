"""Find what was believed of an asset at a moment, and remember how far back that is known."""

import sqlalchemy as sa
from alembic import op

from db.clock import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("etl_sources", sa.Column("history_since", UtcDateTime(), nullable=True))
    op.create_index("ix_asset_history_asset_id_recorded_at_id", "asset_history", ["asset_id", "recorded_at", "id"])

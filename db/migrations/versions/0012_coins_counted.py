"""Coins are counted where they are made, and those whose slug is not their asset's id are known: for totals and search."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COUNT = """
    INSERT INTO coin_marks (source, batch_id, coin_count) SELECT source, 0, count(*) FROM coins WHERE true GROUP BY source
    ON CONFLICT (source) DO UPDATE SET coin_count = excluded.coin_count"""


def upgrade() -> None:
    op.add_column("coin_marks", sa.Column("coin_count", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(_COUNT)
    op.add_column("coins", sa.Column("own_slug", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(f"UPDATE coins SET own_slug = {_true()} WHERE slug <> lower(external_id)")
    op.create_index(
        "ix_coins_own_slug", "coins", ["slug"], unique=False,
        sqlite_where=sa.text("own_slug = 1"), postgresql_where=sa.text("own_slug"),
    )  # fmt: skip


def _true() -> str:
    return "1" if op.get_bind().dialect.name == "sqlite" else "true"

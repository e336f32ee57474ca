"""One coin, whatever the source: coins, their assets, why they are linked, and what people decided."""

import sqlalchemy as sa
from alembic import op

from db.clock import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
DOUBTFUL = sa.text("doubt IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "coins",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("source", Word, nullable=False),
        sa.Column("external_id", Word, nullable=False),
        sa.Column("slug_base", Word, nullable=False),
        sa.Column("slug", Word, nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("price_usd", sa.Double(), nullable=True),
        sa.Column("divergence_percent", sa.Double(), nullable=True),
        sa.Column("market_cap_usd", sa.Double(), nullable=True),
        sa.Column("symbol_folded", Word, nullable=False),
        sa.Column("name_folded", Word, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coins"),
        sa.UniqueConstraint("slug", name="uq_coins_slug"),
    )
    op.create_index("ix_coins_name_folded_id", "coins", ["name_folded", "id"], unique=False)
    op.create_index("ix_coins_rank_id", "coins", ["rank", "id"], unique=False)
    op.create_index("ix_coins_slug_base", "coins", ["slug_base"], unique=False)
    op.create_index("ix_coins_symbol_folded_id", "coins", ["symbol_folded", "id"], unique=False)
    op.create_table(
        "coin_assets",
        sa.Column("asset_id", Id, autoincrement=False, nullable=False),
        sa.Column("coin_id", sa.BigInteger(), nullable=False),
        sa.Column("own_coin_id", sa.BigInteger(), nullable=False),
        sa.Column("traits", Word, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("manual", sa.Boolean(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name="fk_coin_assets_asset_id"),
        sa.ForeignKeyConstraint(["coin_id"], ["coins.id"], name="fk_coin_assets_coin_id"),
        sa.PrimaryKeyConstraint("asset_id", name="pk_coin_assets"),
    )
    op.create_index("ix_coin_assets_coin_id", "coin_assets", ["coin_id"], unique=False)
    op.create_index("ix_coin_assets_own_coin_id", "coin_assets", ["own_coin_id"], unique=False)
    op.create_table(
        "coin_keys",
        sa.Column("key", Word, nullable=False),
        sa.Column("asset_id", Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name="fk_coin_keys_asset_id"),
        sa.PrimaryKeyConstraint("key", "asset_id", name="pk_coin_keys"),
    )
    op.create_index("ix_coin_keys_asset_id", "coin_keys", ["asset_id"], unique=False)
    op.create_table(
        "coin_pairs",
        sa.Column("one_id", Id, autoincrement=False, nullable=False),
        sa.Column("other_id", Id, autoincrement=False, nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("contract", sa.Boolean(), nullable=True),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["one_id"], ["assets.id"], name="fk_coin_pairs_one_id"),
        sa.ForeignKeyConstraint(["other_id"], ["assets.id"], name="fk_coin_pairs_other_id"),
        sa.PrimaryKeyConstraint("one_id", "other_id", name="pk_coin_pairs"),
    )
    op.create_index(
        "ix_coin_pairs_doubtful",
        "coin_pairs",
        ["score"],
        unique=False,
        sqlite_where=DOUBTFUL,
        postgresql_where=DOUBTFUL,
    )
    op.create_index("ix_coin_pairs_other_id", "coin_pairs", ["other_id"], unique=False)
    op.create_table(
        "coin_marks",
        sa.Column("source", Word, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_coin_marks"),
    )
    op.create_table(
        "coin_decisions",
        sa.Column("source", Word, nullable=False),
        sa.Column("external_id", Word, nullable=False),
        sa.Column("other_source", Word, nullable=False),
        sa.Column("other_external_id", Word, nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("decision IN ('link', 'cut')", name="ck_coin_decisions_decision"),
        sa.PrimaryKeyConstraint("source", "external_id", "other_source", "other_external_id", name="pk_coin_decisions"),
    )
    op.create_table(
        "coin_actions",
        sa.Column("id", Id, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("assets", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coin_actions"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "asset_contracts",
        sa.Column("source", Word, nullable=False),
        sa.Column("external_id", Word, nullable=False),
        sa.Column("platform", Word, nullable=False),
        sa.Column("address", Word, nullable=False),
        sa.PrimaryKeyConstraint("source", "external_id", "platform", "address", name="pk_asset_contracts"),
    )

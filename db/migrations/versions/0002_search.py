"""Searching assets: a trigram index of their texts, and the words they are called by."""

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Id = sa.BigInteger()
Word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# A letter that nobody writes with around each part, so that the index can also tell where one begins and ends.
_EDGE = "'\ua66e\ua66e'"
_TEXT = f"{_EDGE} || {{row}}symbol_folded || {_EDGE} || {{row}}name_folded || {_EDGE} || {{row}}external_id_folded || {_EDGE}"
_FOLDED = ("symbol_folded", "name_folded", "external_id_folded")


def upgrade() -> None:
    op.create_table(
        "asset_words",
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("word", Word, nullable=False),
        sa.Column("reversed", Word, nullable=False),
        sa.PrimaryKeyConstraint("length", "word", name="pk_asset_words"),
    )
    op.create_index("ix_asset_words_length_reversed", "asset_words", ["length", "reversed"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_index()
    else:
        _postgresql_index()
    _learn_words()


def _sqlite_index() -> None:
    op.execute(
        """CREATE VIRTUAL TABLE asset_search
           USING fts5(text, tokenize = 'trigram case_sensitive 1', columnsize = 0)"""
    )
    op.execute(f"INSERT INTO asset_search (rowid, text) SELECT id, {_text()} FROM assets")
    # New assets are taken in by their writer, all at once: a trigger makes FTS5 write after every single row.
    op.execute(
        f"""CREATE TRIGGER asset_search_update AFTER UPDATE OF id, {", ".join(_FOLDED)} ON assets
            WHEN new.id <> old.id OR {_changed("<>")} BEGIN
            UPDATE asset_search SET rowid = new.id, text = {_text("new.")} WHERE rowid = old.id; END"""
    )
    op.execute(
        """CREATE TRIGGER asset_search_delete AFTER DELETE ON assets BEGIN
           DELETE FROM asset_search WHERE rowid = old.id; END"""
    )


def _postgresql_index() -> None:
    op.create_table(
        "asset_search",
        sa.Column("asset_id", Id, nullable=False, autoincrement=False),
        sa.Column("text", Word, nullable=False),
        sa.PrimaryKeyConstraint("asset_id", name="pk_asset_search"),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name="fk_asset_search_asset_id", ondelete="CASCADE", onupdate="CASCADE"
        ),
    )
    op.execute(f"INSERT INTO asset_search (asset_id, text) SELECT id, {_text()} FROM assets")
    # New assets come by the thousand, so they are copied together; a changed name is rare.
    op.execute(
        f"""CREATE FUNCTION asset_search_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO asset_search (asset_id, text) SELECT id, {_text()} FROM added; RETURN NULL; END $$"""
    )
    op.execute(
        """CREATE TRIGGER asset_search_insert AFTER INSERT ON assets REFERENCING NEW TABLE AS added
           FOR EACH STATEMENT EXECUTE FUNCTION asset_search_insert()"""
    )
    op.execute(
        f"""CREATE FUNCTION asset_search_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE asset_search SET text = {_text("NEW.")} WHERE asset_id = NEW.id; RETURN NULL; END $$"""
    )
    op.execute(
        f"""CREATE TRIGGER asset_search_update AFTER UPDATE OF {", ".join(_FOLDED)} ON assets
            FOR EACH ROW WHEN ({_changed("IS DISTINCT FROM")}) EXECUTE FUNCTION asset_search_update()"""
    )
    _postgresql_trigrams()


def _postgresql_trigrams() -> None:
    """Searches without the extension find the same, by reading asset_search whole."""
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            op.execute("CREATE INDEX ix_asset_search_text ON asset_search USING gin (text gin_trgm_ops)")
    except sa.exc.DBAPIError as refused:
        if refused.connection_invalidated:
            raise


def _text(row: str = "") -> str:
    return _TEXT.format(row=row)


def _changed(differs: str) -> str:
    return " OR ".join(f"new.{name} {differs} old.{name}" for name in _FOLDED)


def _learn_words() -> None:
    """What `db.words` does for new assets, for those that are there."""
    words = sa.table("asset_words", sa.column("length"), sa.column("word"), sa.column("reversed"))
    found = sorted(set(_words()))
    if found:
        rows = [{"length": len(word), "word": word, "reversed": word[::-1]} for word in found]
        op.get_bind().execute(sa.insert(words), rows)


def _words() -> Iterator[str]:
    for row in op.get_bind().execute(sa.text(f"SELECT {', '.join(_FOLDED)} FROM assets")):
        for word in re.findall(r"[^\W_]+", " ".join(row)):
            if 3 <= len(word) <= 32 and not word.isdigit():
                yield word

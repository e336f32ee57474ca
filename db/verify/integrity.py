"""The database's own integrity: pages and indexes, foreign keys, and the constraints that guard the tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CheckConstraint, Index, Inspector, Table, UniqueConstraint, exc, inspect, text
from sqlalchemy import ForeignKeyConstraint as ForeignKey
from sqlalchemy.engine import Connection as SyncConnection

from db.engine import Connection
from db.tables import metadata
from db.trigrams import FIELDS, SEPARATOR
from db.verify.invariant import SAMPLE_ROWS, Check, Invariant, Offences, Snapshot, Sql

_TABLES = tuple(metadata.tables.values())
_NAMES = ", ".join(f"'{table.name}'" for table in _TABLES)
_MOST_PROBLEMS = 10_000


@dataclass(frozen=True, slots=True)
class On:
    """A check that only one kind of database needs."""

    kind: str
    check: Check

    async def __call__(self, connection: Connection, snapshot: Snapshot) -> Offences:
        return await self.check(connection, snapshot) if connection.dialect.name == self.kind else Offences()


def _search_index(key: str) -> tuple[Check, ...]:
    """The texts that searches look into, compared with the assets they are of."""
    parts = f" || '{SEPARATOR}' || ".join(f"a.{field}_folded" for field in FIELDS)
    return (
        Sql(
            f"""SELECT 'search index differs' AS problem, 'assets' AS "table", a.id AS "row"
                FROM assets a LEFT JOIN asset_search s ON s.{key} = a.id
                WHERE s.text IS NULL OR s.text <> '{SEPARATOR}' || {parts} || '{SEPARATOR}'"""
        ),
        Sql(
            f"""SELECT 'search index has too much' AS problem, 'asset_search' AS "table", s.{key} AS "row"
                FROM asset_search s LEFT JOIN assets a ON a.id = s.{key} WHERE a.id IS NULL"""
        ),
    )


_SQLITE: Sequence[Check] = (
    # Every page, every index against its table, NOT NULL and CHECK.
    Sql(
        f"""SELECT integrity_check AS problem FROM pragma_integrity_check({_MOST_PROBLEMS})
            WHERE integrity_check <> 'ok'"""
    ),
    Sql('SELECT \'orphan\' AS problem, "table", rowid AS "row", parent FROM pragma_foreign_key_check'),
    *_search_index("rowid"),
)

_POSTGRESQL: Sequence[Check] = (
    Sql(
        f"""SELECT 'unusable index' AS problem, t.relname AS "table", c.relname AS name
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
            WHERE t.relname IN ({_NAMES}) AND pg_table_is_visible(t.oid)
              AND NOT (i.indisvalid AND i.indisready AND i.indislive)"""
    ),
    Sql(
        f"""SELECT 'constraint never validated' AS problem, t.relname AS "table", k.conname AS name
            FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
            WHERE t.relname IN ({_NAMES}) AND pg_table_is_visible(t.oid) AND NOT k.convalidated"""
    ),
    Sql(
        f"""SELECT 'foreign key switched off' AS problem, t.relname AS "table", k.conname AS name
            FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_constraint k ON k.oid = g.tgconstraint
            WHERE t.relname IN ({_NAMES}) AND pg_table_is_visible(t.oid) AND g.tgenabled NOT IN ('O', 'A')
            GROUP BY t.relname, k.conname"""
    ),
    *_search_index("asset_id"),
)

# Unique indexes are compared with their table row by row, others only within themselves.
_INDEXES = f"""SELECT CAST(i.indexrelid AS regclass)::text, i.indisunique
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
               JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
               WHERE t.relname IN ({_NAMES}) AND pg_table_is_visible(t.oid) AND i.indisvalid AND i.indisready
               ORDER BY 1"""


async def missing_guards(connection: Connection, snapshot: Snapshot) -> Offences:
    """Primary keys, unique rules and foreign keys that this version relies on and the tables no longer have."""
    missing = await connection.run_sync(_missing)
    return Offences(len(missing), missing[:SAMPLE_ROWS])


def _orphans() -> Iterator[Check]:
    """A foreign key is only as good as the triggers behind it, so each is joined out."""
    for table in _TABLES:
        for key in table.foreign_keys:
            mine, other = key.parent.name, key.column
            yield Sql(
                f"""SELECT 'orphan' AS problem, '{table.name}' AS "table", c.{mine} AS "row",
                           '{other.table.name}' AS parent
                    FROM {table.name} c LEFT JOIN {other.table.name} p ON p.{other.name} = c.{mine}
                    WHERE c.{mine} IS NOT NULL AND p.{other.name} IS NULL"""
            )


def _broken_rules() -> Iterator[Check]:
    for table in _TABLES:
        for rule in table.constraints:
            if isinstance(rule, CheckConstraint):
                yield Sql(
                    f"""SELECT 'broken rule' AS problem, '{table.name}' AS "table", '{rule.name}' AS name
                        FROM {table.name} WHERE NOT ({rule.sqltext})"""
                )


async def _damaged_indexes(connection: Connection, snapshot: Snapshot) -> Offences:
    """Compare every index with its table, where somebody has installed `amcheck` and lets us use it."""
    function = await _index_check(connection)
    found = Offences()
    if function is None:
        return found
    for index, unique in (await connection.execute(text(_INDEXES))).all():
        try:
            async with connection.begin_nested():
                await connection.execute(
                    text(f"SELECT {function}(CAST(:index AS regclass), {unique})"), {"index": index}
                )
        except exc.DBAPIError as damage:
            if damage.connection_invalidated:
                raise
            found += Offences(1, [{"problem": "damaged index", "name": index, "detail": str(damage.orig)[:200]}])
    return found


async def _index_check(connection: Connection) -> str | None:
    installed = """SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                   WHERE e.extname = 'amcheck'"""
    schema = (await connection.execute(text(installed))).scalar()
    if schema is None:
        return None
    allowed = f"SELECT has_function_privilege('{schema}.bt_index_check(regclass, boolean)', 'EXECUTE')"
    return f"{schema}.bt_index_check" if (await connection.execute(text(allowed))).scalar() else None


def _missing(connection: SyncConnection) -> list[dict[str, Any]]:
    found = inspect(connection)
    return [
        {"problem": f"missing {kind}", "table": table.name, "columns": ", ".join(columns)}
        for table in _TABLES
        for kind, columns in sorted(_wanted(table) - _present(found, table.name))
    ]


Guard = tuple[str, tuple[str, ...]]


def _wanted(table: Table) -> set[Guard]:
    guards = {("primary key", tuple(column.name for column in table.primary_key))}
    for rule in (*table.constraints, *table.indexes):
        match rule:
            case UniqueConstraint():
                guards.add(("unique rule", tuple(rule.columns.keys())))
            case Index(unique=True):
                guards.add((_unique_index(rule.dialect_options), tuple(rule.columns.keys())))
            case ForeignKey():
                guards.add(("foreign key", tuple(rule.column_keys)))
            case _:
                pass
    return guards


def _present(found: Inspector, table: str) -> set[Guard]:
    guards = {("primary key", tuple(found.get_pk_constraint(table)["constrained_columns"]))}
    guards |= {("unique rule", tuple(rule["column_names"])) for rule in found.get_unique_constraints(table)}
    guards |= {("foreign key", tuple(key["constrained_columns"])) for key in found.get_foreign_keys(table)}
    for index in found.get_indexes(table):
        if index["unique"]:
            columns = tuple(name or "" for name in index["column_names"])
            guards.add((_unique_index(index.get("dialect_options", {})), columns))
    return guards


def _unique_index(options: Any) -> str:
    """An index over some rows only is another guard than one over all; the databases name the condition apart."""
    conditions = [options.get("sqlite_where"), options.get("postgresql_where")]
    conditions += [options[dialect]["where"] for dialect in ("sqlite", "postgresql") if dialect in options]
    return "unique rule" if all(condition is None for condition in conditions) else "partial unique rule"


INTEGRITY = Invariant(
    19,
    "the database's own integrity check",
    [
        *(On("sqlite", check) for check in _SQLITE),
        *(On("postgresql", check) for check in (*_POSTGRESQL, *_orphans(), *_broken_rules(), _damaged_indexes)),
        missing_guards,
    ],
)

INVARIANTS = (INTEGRITY,)

"""The database's own integrity: pages and indexes, foreign keys, and the constraints that guard the tables."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint, exc, text
from sqlalchemy import ForeignKeyConstraint as ForeignKey

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


# Every guard there is, a row for each of its columns: its table, its kind, what tells it from others, the column's
# place and name. An index over some rows only is another guard than one over all.
_GUARDS = {
    "sqlite": """
        SELECT t.name, 'primary key', '', c.pk, c.name
          FROM sqlite_master t JOIN pragma_table_info(t.name) c ON c.pk > 0 WHERE t.type = 'table'
        UNION ALL
        SELECT t.name, CASE WHEN i.partial THEN 'partial unique rule' ELSE 'unique rule' END, i.name, c.seqno, c.name
          FROM sqlite_master t JOIN pragma_index_list(t.name) i ON i."unique" AND i.origin <> 'pk'
               JOIN pragma_index_info(i.name) c WHERE t.type = 'table'
        UNION ALL
        SELECT t.name, 'foreign key', CAST(k.id AS text), k.seq, k."from"
          FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) k WHERE t.type = 'table'
        ORDER BY 1, 2, 3, 4""",
    "postgresql": f"""
        SELECT t.relname, CASE k.contype WHEN 'p' THEN 'primary key' ELSE 'foreign key' END, k.conname,
               c.place, a.attname
          FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
               CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS c(number, place)
               JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.number
         WHERE k.contype IN ('p', 'f') AND t.relname IN ({_NAMES}) AND pg_table_is_visible(t.oid)
        UNION ALL
        SELECT t.relname, CASE WHEN i.indpred IS NULL THEN 'unique rule' ELSE 'partial unique rule' END, n.relname,
               c.place, a.attname
          FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
               CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS c(number, place)
               LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.number
         WHERE i.indisunique AND NOT i.indisprimary AND t.relname IN ({_NAMES}) AND pg_table_is_visible(t.oid)
        ORDER BY 1, 2, 3, 4""",
}


async def missing_guards(connection: Connection, snapshot: Snapshot) -> Offences:
    """Primary keys, unique rules and foreign keys that this version relies on and the tables no longer have."""
    present = await _present(connection)
    missing: list[dict[str, Any]] = [
        {"problem": f"missing {kind}", "table": table.name, "columns": ", ".join(columns)}
        for table in _TABLES
        for kind, columns in sorted(_wanted(table) - present[table.name])
    ]
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


Guard = tuple[str, tuple[str, ...]]


def _wanted(table: Table) -> set[Guard]:
    guards = {("primary key", tuple(column.name for column in table.primary_key))}
    for rule in (*table.constraints, *table.indexes):
        match rule:
            case UniqueConstraint():
                guards.add(("unique rule", tuple(rule.columns.keys())))
            case Index(unique=True):
                partial = any(options.get("where") is not None for options in rule.dialect_options.values())
                guards.add(("partial unique rule" if partial else "unique rule", tuple(rule.columns.keys())))
            case ForeignKey():
                guards.add(("foreign key", tuple(rule.column_keys)))
            case _:
                pass
    return guards


async def _present(connection: Connection) -> dict[str, set[Guard]]:
    """The guards of each table."""
    columns: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for table, kind, guard, _, column in await connection.execute(text(_GUARDS[connection.dialect.name])):
        columns[table, kind, guard].append(column or "")
    found: dict[str, set[Guard]] = defaultdict(set)
    for (table, kind, _), names in columns.items():
        found[table].add((kind, tuple(names)))
    return found


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

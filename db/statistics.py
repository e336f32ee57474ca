"""What PostgreSQL puts off while tables grow, and reads wait for: a look at them, and new texts' way into their index.

Its own service does both once a minute, where it is on at all; a first run fills empty tables faster.
"""

from sqlalchemy import text

from db.engine import Database
from db.tables import metadata

# Pages of 8 KB. Smaller tables are read whole as fast as by an index.
_SMALL = 32
_GROWN = text(
    """SELECT relname FROM pg_class
     WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname = ANY(:names)
       AND pg_relation_size(oid) / current_setting('block_size')::int > 4 * relpages + :small"""
)
# Only its owner may; without the extension there is no such index.
_SORT_IN = text(
    """SELECT gin_clean_pending_list(oid) FROM pg_class
        WHERE oid = to_regclass('ix_asset_search_text') AND pg_has_role(relowner, 'USAGE')"""
)


async def refresh(database: Database) -> list[str]:
    """Let the planner look at tables that are four times as large as when it looked last; returns their names.

    In between it sees how large a table is, and takes what is in it for more of the same: one that it never looked at
    seems cheaper to read and to sort than to walk by its index. New texts are sorted into the index of searches, each
    of which would read all that wait. SQLite puts nothing off. Raises DatabaseUnavailable.
    """
    if database.is_sqlite:
        return []
    async with database.write() as connection:
        await connection.execute(_SORT_IN)
        found = await connection.execute(_GROWN, {"names": [*metadata.tables, "asset_search"], "small": _SMALL})
        grown = sorted(found.scalars())
        if grown:
            await connection.execute(text(f"ANALYZE (SKIP_LOCKED) {', '.join(grown)}"))
    return grown

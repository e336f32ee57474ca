"""What PostgreSQL's planner knows of tables that grow.

Its own service looks once a minute, where it is on at all; a first run fills empty tables faster. Until somebody looks,
reading and sorting a table looks cheaper than a walk over its index.
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


async def refresh(database: Database) -> list[str]:
    """Let the planner look at tables that are four times as large as when it looked last; returns their names.

    In between it sees how large a table is, and takes what is in it for more of the same. SQLite needs none of this:
    its plans do not depend on what tables hold. Raises DatabaseUnavailable.
    """
    if database.is_sqlite:
        return []
    async with database.write() as connection:
        found = await connection.execute(_GROWN, {"names": list(metadata.tables), "small": _SMALL})
        grown = sorted(found.scalars())
        if grown:
            await connection.execute(text(f"ANALYZE (SKIP_LOCKED) {', '.join(grown)}"))
    return grown

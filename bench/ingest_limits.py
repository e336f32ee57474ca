"""The limit of ingesting: ready rows handed to the database by its fastest door, into the same tables and indexes.

The rows are those a first pass leaves in raw_assets, assets, the search index and asset_history, in one transaction.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Table

from bench.spent import Spent, moment
from db import trigrams
from db.sqlite import CACHE_KIB
from db.tables import asset_history, assets, raw_assets

_TABLES = (raw_assets, assets, asset_history)
_PARENTS = ("etl_windows", "etl_runs")


async def copy(from_url: str, to_url: str) -> Spent:
    """What PostgreSQL's COPY takes for the rows of one database into the empty tables of another.

    The search index is filled by the table's own trigger.
    """
    connection = await asyncpg.connect(from_url)
    parents = [(name, await connection.fetch(f"SELECT * FROM {name}")) for name in _PARENTS]
    rows = {table.name: [tuple(row) for row in await connection.fetch(_select(table))] for table in _TABLES}
    await connection.close()
    connection = await asyncpg.connect(to_url)
    try:
        for name, found in parents:
            await connection.copy_records_to_table(name, records=map(tuple, found))
        began = moment()
        async with connection.transaction():
            for table in _TABLES:
                await connection.copy_records_to_table(
                    table.name, records=rows[table.name], columns=table.columns.keys()
                )
        return moment().since(began)
    finally:
        await connection.close()


def executemany(from_file: Path, to_file: Path) -> Spent:
    """What sqlite3's executemany takes for the rows of one file into the empty tables of another."""
    with contextlib.closing(sqlite3.connect(from_file)) as connection:
        parents = [(name, connection.execute(f"SELECT * FROM {name}").fetchall()) for name in _PARENTS]
        rows = {table.name: connection.execute(_select(table)).fetchall() for table in _TABLES}
    with contextlib.closing(sqlite3.connect(to_file, isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", f"cache_size = -{CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        for name, found in parents:
            connection.executemany(f"INSERT INTO {name} VALUES ({_marks(found)})", found)
        began = moment()
        connection.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            columns = ", ".join(f'"{name}"' for name in table.columns.keys())  # noqa: SIM118
            statement = f"INSERT INTO {table.name} ({columns}) VALUES ({_marks(rows[table.name])})"
            connection.executemany(statement, rows[table.name])
        connection.execute(trigrams.TAKE_IN)
        connection.execute("COMMIT")
        return moment().since(began)


def _select(table: Table) -> str:
    columns = ", ".join(f'"{name}"' for name in table.columns.keys())  # noqa: SIM118
    return f"SELECT {columns} FROM {table.name} ORDER BY id"


def _marks(rows: list[Any]) -> str:
    return ", ".join("?" * len(rows[0]))

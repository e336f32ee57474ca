"""`python -m bench`: measure the service on this machine; prints a Markdown table and writes JSON."""

import argparse
import asyncio
import json
import os
import platform
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import asyncpg

from bench.ingest import Figures, measure
from db import migrate
from db.engine import Database

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the CSV file (default 1,000,000)")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="measure one database only")
    options = parser.parse_args()
    figures = [
        figure
        for kind in ("sqlite", "postgresql")
        if options.only in {None, kind} and (figure := _measure(kind, options.rows))
    ]
    print(_table(figures))
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=2))


def _measure(kind: str, rows: int) -> Figures | None:
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            return measure(kind, f"sqlite:///{folder}/bench.sqlite3", rows, Path(folder))
        try:
            with postgres_database() as url:
                return measure(kind, url, rows, Path(folder))
        except (OSError, asyncpg.PostgresError) as error:
            print(f"PostgreSQL is left out: {error}")
            return None


@contextmanager
def postgres_database() -> Iterator[str]:
    name = f"kasparro_bench_{uuid.uuid4().hex[:12]}"
    asyncio.run(_administer(f"CREATE DATABASE {name}"))
    url = f"{POSTGRES.rpartition('/')[0]}/{name}"
    try:
        asyncio.run(_migrate(url))
        yield url
    finally:
        asyncio.run(_administer(f"DROP DATABASE {name} WITH (FORCE)"))


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate.upgrade(database)
    await database.close()


async def _administer(statement: str) -> None:
    connection = await asyncpg.connect(POSTGRES, timeout=5)
    await connection.execute(statement)
    await connection.close()


def _table(figures: list[Figures]) -> str:
    rows = [asdict(figure) for figure in figures]
    lines = [f"Python {platform.python_version()}, {os.cpu_count()} cores", ""]
    lines.append("| figure | " + " | ".join(str(row["database"]) for row in rows) + " |")
    lines.append("|---|" + "---|" * len(rows))
    names = [name for name in (rows[0] if rows else {}) if name != "database"]
    lines += [f"| {name} | " + " | ".join(f"{row[name]:,.4g}" for row in rows) + " |" for name in names]
    return "\n".join(lines)


if __name__ == "__main__":
    main()

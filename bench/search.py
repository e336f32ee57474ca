"""`python -m bench.search`: search and `q` over many generated assets, on both databases; prints a Markdown table."""

import argparse
import asyncio
import csv
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import insert, text

from bench.databases import postgres_database
from db import asset_reads, holdings, migrate, tables, trigrams, words
from db.asset_reads import CountRead
from db.bulk import BulkInsert
from db.catalog import Listing, Order
from db.engine import Connection, Database
from db.filters import AnyOf, Where
from db.keyset import Page, Slice
from tests import upstream
from tests.graphql_schema.rows import START

REPEATS = 15
NEEDLES = ("{rare}", "{stem}", "{typo}", "{prefix}", "coin", "oin", "a", "zz", "no such coin", "{stem} coin")
FIELDS = ("symbol", "name", "external_id")
PAGE = ("id", "source", *FIELDS, "rank", "price_usd", "market_cap_usd", "updated_at")
BY_RANK = (Order("rank"),)
COLUMNS = ("source", "external_id", "symbol", "name", "rank", "record_id", "run_id", "window_id", "price_usd")
FOLDED = ("external_id_folded", "symbol_folded", "name_folded")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many assets (default 1,000,000)")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="measure one database only")
    parser.add_argument("--keep", type=Path, help="keep the SQLite file here, or take it from here")
    options = parser.parse_args()
    if options.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(f"sqlite:///{options.keep or Path(folder) / 'search.sqlite3'}", options.rows))
    if options.only != "sqlite":
        with postgres_database() as url:
            asyncio.run(measure(url, options.rows))


async def measure(url: str, rows: int) -> None:
    database = Database(url)
    await migrate.upgrade(database)
    began = time.perf_counter()
    await _fill(database, rows)
    print(
        f"\n{database.kind}, {rows:,} assets, filled in {time.perf_counter() - began:.0f} s (ms, best of {REPEATS})\n"
    )
    async with database.read() as connection:
        named = await _names(connection)
    lines = [await _figures(database, pattern.format(**named)) for pattern in NEEDLES]
    head = ("search", "hits", "page", "next page", "count", "q by rank", "q count")
    print("\n".join("| " + " | ".join(line) + " |" for line in [head, ("---",) * len(head), *lines]))
    await database.close()


async def _figures(database: Database, needle: str) -> tuple[str, ...]:
    def page(listing: Listing, part: Slice) -> Callable[[], Awaitable[Page]]:
        return partial(asset_reads.page(database.direct, listing, part, PAGE).read, database)

    def count(listing: Listing) -> Callable[[], Awaitable[int]]:
        return partial(CountRead(listing).read, database)

    listing = Listing(search=needle)
    q = Listing(AnyOf(tuple(Where(field, "contains", needle) for field in FIELDS)), order=BY_RANK)
    first = await page(listing, Slice(50))()
    behind = Slice(50, after=first.cursor(first.rows[-1])) if first.rows else Slice(50)
    works = (page(listing, Slice(50)), page(listing, behind), count(listing), page(q, Slice(50)), count(q))
    timed = [await _best(work) for work in works]
    return (repr(needle), f"{await count(listing)():,}", *(f"{figure:.1f}" for figure in timed))


async def _best(work: Callable[[], Awaitable[object]]) -> float:
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1000)
        if sum(taken) > 3000:
            break
    return min(taken)


async def _names(connection: Connection) -> dict[str, str]:
    """A needle for a single asset, a stem many are called by, and a mistyped one."""
    name = (await connection.execute(text("SELECT name_folded FROM assets WHERE rank = 1234"))).scalar_one()
    stem = next(word for word in words.split(name) if len(word) >= words.ONE_MISTAKE)
    return {"rare": name, "stem": stem, "typo": stem[:2] + stem[3] + stem[2] + stem[4:], "prefix": stem[:3]}


async def _fill(database: Database, rows: int) -> None:
    async with database.write() as connection:
        if (await connection.execute(text("SELECT count(*) FROM assets"))).scalar():
            return
        window = {"id": 1, "source": "csv", "mode": "full", "state": "closed", "opened_at": START}
        run = {
            "id": 1, "source": "csv", "mode": "full", "trigger": "cli", "status": "success", "window_id": 1,
            "requested_at": START, "run_finished_at": START,
        }  # fmt: skip
        await connection.execute(insert(tables.windows).values(window))
        await connection.execute(insert(tables.runs).values(run))
        bulk = BulkInsert(tables.assets, (*COLUMNS, *FOLDED, "first_seen_at", "updated_at"))
        lines = _rows(rows)
        while some := list(islice(lines, 5000)):
            await words.learn(connection, (cell for row in some for cell in row[len(COLUMNS) : -2]))
            await bulk.run(connection, some)
            await trigrams.take_in(connection)
        await holdings.recount(connection)
    if not database.is_sqlite:
        connection = await asyncpg.connect(database.url.set(drivername="postgresql").render_as_string(False))
        await connection.execute("VACUUM ANALYZE")
        await connection.close()


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    for block in upstream.csv_blocks(count):
        for cells in csv.reader(block.splitlines()):
            external_id, symbol, name, rank, price = cells[:5]
            yield (
                "csv", external_id, symbol, name, int(rank), external_id, 1, 1, float(price),
                external_id.casefold(), symbol.casefold(), name.casefold(), START, START,
            )  # fmt: skip


if __name__ == "__main__":
    main()

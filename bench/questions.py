"""`python -m bench.questions`: what many kinds of questions cost, by a plan and by graphql-core; Markdown tables.

In microseconds: `CPU` of this process, `time` with the database's part. One question at a time, no HTTP, no cache.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from app import log
from app.command import fast_loop, look_for_garbage_seldom
from bench.databases import database
from bench.market import fill
from db import tables
from db.bulk import BulkInsert
from db.engine import Database
from etl.identity import linking
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import raw

SECONDS, ROUNDS = 0.15, 3
ONE = 'asset(source: "coingecko", externalId: "coin-77")'
BY_RANK = "orderBy: [{field: RANK}]"
FEW = "id symbol name rank priceUsd"
QUESTIONS = {
    "50 assets by rank": f"assets(first: 50, {BY_RANK}) {{ nodes {{ {FEW} }} }}",
    "with cursors and total": f"assets(first: 50, {BY_RANK}) {{ totalCount edges {{ cursor node {{ {FEW} }} }} }}",
    "filtered, counted": f"""assets(first: 20, filter: {{rank: {{lte: 500}}, priceUsd: {{gt: 1}}}}, {BY_RANK}) {{
      totalCount nodes {{ {FEW} }} }}""",
    "names that contain a text": f'assets(first: 20, filter: {{name: {{contains: "r 77"}}}}) {{ nodes {{ {FEW} }} }}',
    "search, few hits": f'assets(first: 20, search: "number 77") {{ nodes {{ {FEW} }} }}',
    "search, many hits": f'assets(first: 20, search: "coin") {{ nodes {{ {FEW} }} }}',
    "search, many hits, counted": f'assets(first: 20, search: "coin") {{ totalCount nodes {{ {FEW} }} }}',
    "search, mistyped": f'assets(first: 20, search: "nubmer 77") {{ nodes {{ {FEW} }} }}',
    "20 coins and their assets": f"coins(first: 20, {BY_RANK}) {{ nodes {{ slug assets {{ asset {{ {FEW} }} }} }} }}",
    "coins searched": 'coins(first: 20, search: "number 77") { nodes { slug name priceUsd } }',
    "one asset": f"{ONE} {{ {FEW} }}",
    "its history": f"{ONE} {{ history(last: 5) {{ nodes {{ at priceUsd }} }} }}",
    "its raw record and run": f"{ONE} {{ raw {{ recordId payload }} lastRun {{ status finishedAt }} }}",
    "runs": "runs(first: 20) { nodes { id status trigger startedAt recordsProcessed } }",
    "sources (never planned)": "sources { name enabled paused lastRun { status } assetCount }",
    "stats": "stats { assetCount rawCount runCount lastSuccessAt }",
}


class Cost(NamedTuple):
    cpu_us: float
    us: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.questions", description=__doc__)
    parser.add_argument("--rows", type=int, default=5000, help="assets (default 5,000)")
    options = parser.parse_args()
    log.configure("ERROR", "console", sys.stderr)
    look_for_garbage_seldom()
    for kind in ("sqlite", "postgresql"):
        with database(kind) as url, asyncio.Runner(loop_factory=fast_loop()) as runner:
            runner.run(_measure(kind, url, options.rows))


async def _measure(kind: str, url: str, rows: int) -> None:
    opened = Database(url)
    await fill(opened, rows)
    await _add_records(opened, rows)
    await linking.catch_up(opened)
    graph = Graph(opened)
    print(f"| {kind}, {rows:,} assets | plan: CPU | time | graphql-core: CPU | time |\n|---|---|---|---|---|")
    for name, question in QUESTIONS.items():
        core, plan = await _costs(graph, f"{{ {question} }}")
        planned = f"{plan.cpu_us:,.0f} | {plan.us:,.0f}" if plan else " | "
        print(f"| {name} | {planned} | {core.cpu_us:,.0f} | {core.us:,.0f} |", flush=True)
    await opened.close()


async def _add_records(opened: Database, rows: int) -> None:
    columns = tuple(raw(1, ""))
    records = (raw(n, f'{{"id":"coin-{n}","current_price":{n}.5,"name":"Coin {n}"}}') for n in range(1, rows + 1))
    async with opened.write() as connection:
        await BulkInsert(tables.raw_assets, columns).run(
            connection, [tuple(row[name] for name in columns) for row in records]
        )


async def _costs(graph: Graph, question: str) -> tuple[Cost, Cost | None]:
    """By graphql-core and, where it has one, by its plan."""

    async def by_plan() -> object:
        return await graph.schema.answers.answer(question, None, {}, graph.database)

    async def by_core() -> object:
        return await graph.ask(question)

    await by_core()
    planned = await by_plan() is not None
    found = [(await _cost(by_core), await _cost(by_plan) if planned else None) for _ in range(ROUNDS)]
    return min(core for core, _ in found), min((plan for _, plan in found if plan is not None), default=None)


async def _cost(work: Callable[[], Awaitable[object]]) -> Cost:
    began, cpu, times = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() < began + SECONDS:
        await work()
        times += 1
    return Cost((time.process_time() - cpu) / times * 1e6, (time.perf_counter() - began) / times * 1e6)


if __name__ == "__main__":
    main()

"""`python -m bench.serving`: how fast the service answers, next to prepared bytes, bare rows and plain Strawberry.

Rounds are paired: in each one every subject is asked once, so that their ratios mean something on a noisy machine.
`cold` goes without the cache of answers.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench.asking import CONNECTIONS, Answered, ask
from bench.databases import postgres_database
from bench.market import fill
from bench.service import free_port, serving, wait_until_it_answers
from db import migrate
from db.engine import Database
from graphql_schema import ids

_FIELDS = "id symbol name source rank priceUsd marketCapUsd volume24hUsd percentChange24h circulatingSupply"
_PICKED = [ids.encode("Asset", n) for n in range(1, 50_000, 499)]
QUERIES: dict[str, list[dict[str, Any]]] = {
    "list": [{"query": f"{{ assets(first: 50, orderBy: [{{field: RANK}}]) {{ nodes {{ {_FIELDS} }} }} }}"}],
    "single": [
        {"query": f"query ($id: ID!) {{ asset(id: $id) {{ {_FIELDS} }} }}", "variables": {"id": picked}}
        for picked in _PICKED
    ],
    "nested": [
        {
            "query": "{ assets(first: 10, orderBy: [{field: RANK}]) { nodes { id symbol name priceUsd "
            "history(first: 5) { nodes { at priceUsd marketCapUsd volume24hUsd rank } } } } }"
        }
    ],
}
PLAIN: list[dict[str, Any]] = [{"query": f"{{ assets(first: 50) {{ nodes {{ {_FIELDS} }} }} }}"}]


@dataclass(frozen=True)
class Subject:
    """Something to ask: where, what, and whose processor time it costs."""

    name: str
    url: str
    bodies: list[dict[str, Any]]
    process: psutil.Process


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.serving", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--subjects", nargs="*", help="only those whose name begins with one of these")
    parser.add_argument("--url", help="measure on this database, filled where it is empty, instead of a new one")
    options = parser.parse_args()
    for kind in ("postgresql", "sqlite"):
        if options.only in {None, kind}:
            with ExitStack() as stack:
                url = options.url or stack.enter_context(_new_database(kind))
                asyncio.run(_prepare(url, options.rows))
                print(f"\n{kind}, {options.rows:,} assets, {CONNECTIONS} connections\n")
                print(_table(_measured(stack, url, options)))


@contextmanager
def _new_database(kind: str) -> Iterator[str]:
    if kind == "postgresql":
        with postgres_database() as url:
            yield url
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/market.sqlite3"


async def _prepare(url: str, rows: int) -> None:
    database = Database(url)
    await migrate.upgrade(database)
    await fill(database, rows)
    await database.close()


def _measured(stack: ExitStack, url: str, options: argparse.Namespace) -> dict[str, list[Answered]]:
    subjects = [
        subject
        for subject in _subjects(stack, url)
        if not options.subjects or subject.name.startswith(tuple(options.subjects))
    ]
    rounds: dict[str, list[Answered]] = {subject.name: [] for subject in subjects}
    for _ in range(options.rounds):
        for subject in subjects:
            rounds[subject.name].append(_round(subject, options.seconds))
    return rounds


def _subjects(stack: ExitStack, url: str) -> list[Subject]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    settings = {"DATABASE_URL": url, "ETL_RUN_ON_STARTUP": "false", "ETL_SOURCES": "csv", "ETL_SCHEDULE_CSV": "off"}
    subjects = []
    sample = b""
    for name, more in (("cold", {"ANSWER_CACHE_BYTES": "0"}), ("warm", {})):
        service = stack.enter_context(serving(folder, **settings, **more))
        for what, bodies in QUERIES.items():
            subjects.append(Subject(f"{name} {what}", f"{service.url}/graphql", bodies, service.process))
        subjects.append(Subject(f"{name} data", f"{service.url}/data?limit=50", [], service.process))
        sample = httpx.post(f"{service.url}/graphql", json=QUERIES["list"][0]).content
        print(f"{name}: first reply after {service.start_seconds:.2f} s, {service.rss_mb():.0f} MB")
    (folder / "prepared").write_bytes(sample)
    plain, process = stack.enter_context(_limits(folder, "" if url.startswith("sqlite") else url))
    subjects.append(Subject("prepared", f"{plain}/prepared", QUERIES["list"], process))
    if not url.startswith("sqlite"):
        subjects.append(Subject("rows", f"{plain}/rows", [], process))
        subjects.append(Subject("strawberry list", f"{plain}/graphql", PLAIN, process))
    return subjects


@contextmanager
def _limits(folder: Path, url: str) -> Iterator[tuple[str, psutil.Process]]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.limits:app", "--port", str(port), "--no-access-log"]
    environment = {"PATH": os.environ["PATH"], "PREPARED": str(folder / "prepared"), "DATABASE_URL": url}
    with subprocess.Popen([*command, "--log-level", "warning"], env=environment) as child:
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}/prepared", child)
            yield f"http://127.0.0.1:{port}", psutil.Process(child.pid)
        finally:
            child.terminate()


def _round(subject: Subject, seconds: float) -> Answered:
    bodies = [json.dumps(body).encode() for body in subject.bodies]
    return ask(subject.url, bodies, subject.process, seconds)


def _table(rounds: dict[str, list[Answered]]) -> str:
    lines = ["| subject | req/s | of prepared | server CPU us | p99 ms |", "|---|---|---|---|---|"]
    prepared = rounds.get("prepared", [])
    for name, found in rounds.items():
        shares = [each.rate / base.rate for each, base in zip(found, prepared, strict=False)]
        share = f"{statistics.median(shares):.0%}" if shares else ""
        figures = [statistics.median(getattr(each, what) for each in found) for what in ("rate", "cpu_us", "p99_ms")]
        lines.append(f"| {name} | {figures[0]:,.0f} | {share} | {figures[1]:,.0f} | {figures[2]:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

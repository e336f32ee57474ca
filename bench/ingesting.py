"""Ingesting, paired: in each round the limit, this product and dlt take the same records, one after the other."""

import asyncio
import subprocess
from collections.abc import Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.command import fast_loop, look_for_garbage_seldom
from app.config import Settings
from bench.databases import database, path_of
from bench.ingest_limits import copy, executemany
from bench.installed import PEERS, Installed
from bench.passes import Pass, one_pass
from bench.records import Exchange
from bench.spent import Spent
from db.engine import Database

BATCH = Settings().etl_batch_size
# One round, by the name of what was measured: records a second, and microseconds of CPU a record where that is known.
Round = dict[str, dict[str, float]]


def measure(kind: str, size: int, peers: Installed) -> Round:
    """One round on one kind of database."""
    rates: Round = {}
    with database(kind) as url, database(kind) as other:
        exchange = Exchange(size)
        first = _run(_pass(url, exchange))
        limit = asyncio.run(copy(url, other)) if kind == "postgresql" else executemany(path_of(url), path_of(other))
        unchanged = _run(_pass(url, exchange))
        exchange.move(one_in=10, version=1)
        changed = _run(_pass(url, exchange))
    rates["first, freezing and survey"] = _per_record(first.staging, size)
    rates["first, linking"] = _per_record(first.rest, size)
    for name, one in (("first", first), ("unchanged", unchanged), ("a tenth changed", changed)):
        rates[f"{name}, loading"] = _per_record(one.loading, size)
        rates[f"{name}, whole run"] = _per_record(one.total, size)
    rates["limit"] = _per_record(limit, size)
    if "dlt" not in peers.missing:
        rates |= _dlt(kind, size, peers)
    return rates


def _per_record(spent: Spent, size: int) -> dict[str, float]:
    return {"rate": size / spent.clock, "cpu_us": spent.cpu / size * 1e6}


def fill(url: str, exchange: Exchange, versions: int) -> None:
    """Ingest everything into a migrated database, in so many versions."""
    for version in range(versions):
        exchange.move(one_in=1, version=version)
        _run(_pass(url, exchange))


def _run(one: Coroutine[Any, Any, Pass]) -> Pass:
    """As the product's commands run."""
    look_for_garbage_seldom()
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(one)


async def _pass(url: str, exchange: Exchange) -> Pass:
    opened = Database(url)
    try:
        return await one_pass(opened, exchange, BATCH)
    finally:
        await opened.close()


def _dlt(kind: str, size: int, peers: Installed) -> Round:
    """The same records through dlt, twice; nothing, and the reason among the missing, if it fails."""
    with TemporaryDirectory() as folder, database(kind, migrated=False) as url:
        file = Path(folder) / "records.jsonl"
        file.write_bytes(b"\n".join(Exchange(size).records))
        command = [str(peers.python), str(PEERS / "dlt_load.py"), str(file), url, folder]
        rates: Round = {}
        for name in ("dlt, first", "dlt, unchanged"):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                peers.missing[f"a round of dlt, {kind}"] = done.stderr.strip().rpartition("\n")[2][:300]
                return {}
            rates[name] = {"rate": size / float(done.stdout.split()[-1])}
        return rates

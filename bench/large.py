"""`python -m bench.large`: ingest a large CSV file while the API is asked, then ask more; a Markdown table.

The cache of answers is off. `--versions 9` makes ten raw records and ten points of history of each, at the end.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import at_size
from bench.databases import database
from bench.service import Service, serving
from tests import upstream

PROBE = "/data?limit=50"
IDLE_PROBES = 500


@dataclass(frozen=True)
class Figures:
    """What one measured ingest gave. Latencies in milliseconds, memory in MB, rates in records a second."""

    database: str
    rows: int
    start_seconds: float
    idle_rss_mb: float
    first_pass_rate: float
    second_pass_rate: float
    peak_rss_mb: float
    p50_busy_ms: float
    p99_busy_ms: float
    p50_idle_ms: float
    p99_idle_ms: float
    verify_seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.large", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the CSV file (default 1,000,000)")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="measure one database only")
    parser.add_argument("--versions", type=int, default=0, help="earlier versions to add to each record (default 0)")
    options = parser.parse_args()
    print("| database | figure | value |\n|---|---|---|")
    for kind in ("sqlite", "postgresql"):
        if options.only in {None, kind}:
            with database(kind) as url, tempfile.TemporaryDirectory() as folder:
                _print(kind, asdict(measure(kind, url, options.rows, Path(folder))))
                _print(kind, _answers(url, options.rows, Path(folder)))
                if options.versions:
                    asyncio.run(at_size.add_versions(url, options.versions))
                    _print(f"{kind}, {options.versions} versions more", _answers(url, options.rows, Path(folder)))


def _print(database: str, figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        print(
            f"| {database} | {name} | {value if isinstance(value, int | str) else format(value, '.2f')} |", flush=True
        )


def measure(kind: str, database_url: str, rows: int, folder: Path) -> Figures:
    """Ingest a generated file of `rows` rows twice through a server that is asked for `/data` meanwhile."""
    file = folder / "coins.csv"
    if not file.exists():
        upstream.write_csv(file, rows)
    settings = _settings(database_url, file)
    with serving(folder, **settings) as service, httpx.Client(base_url=service.url, timeout=30.0) as client:
        idle_rss = service.rss_mb()
        first, busy, peak = _pass(client, service)
        second, _, peak_again = _pass(client, service)
        time.sleep(1.0)
        idle = [_latency(client) for _ in range(IDLE_PROBES)]
    return Figures(
        database=kind,
        rows=rows,
        start_seconds=service.start_seconds,
        idle_rss_mb=idle_rss,
        first_pass_rate=rows / first,
        second_pass_rate=rows / second,
        peak_rss_mb=max(peak, peak_again),
        p50_busy_ms=statistics.median(busy),
        p99_busy_ms=_percentile(busy, 99),
        p50_idle_ms=statistics.median(idle),
        p99_idle_ms=_percentile(idle, 99),
        verify_seconds=_verify(folder, settings),
    )


def _settings(database_url: str, file: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "CSV_PATH": str(file),
        "ETL_SOURCES": "csv",
        "ETL_SCHEDULE_CSV": "off",
        "ETL_RUN_ON_STARTUP": "false",
        "ANSWER_CACHE_BYTES": "0",
    }


def _answers(database_url: str, rows: int, folder: Path) -> dict[str, float]:
    """What answers take in ms, of a server newly started."""
    settings = _settings(database_url, folder / "coins.csv")
    with serving(folder, **settings) as service, httpx.Client(base_url=service.url, timeout=60.0) as client:
        return {f"ms, {what}": taken for what, taken in at_size.answers(client, rows).items()}


def _verify(folder: Path, settings: dict[str, str]) -> float:
    """The seconds `kasparro verify` takes. Raises CalledProcessError where an invariant does not hold."""
    environment = {"PATH": os.environ["PATH"], "LOG_LEVEL": "WARNING", "PYTHONPATH": str(Path.cwd()), **settings}
    began = time.perf_counter()
    done = subprocess.run(
        [Path(sys.executable).parent / "kasparro", "verify", "--json"],
        env=environment,
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=3600,
    )
    if not json.loads(done.stdout)["ok"]:
        raise RuntimeError("verify found violations")
    return time.perf_counter() - began


def _pass(client: httpx.Client, service: Service) -> tuple[float, list[float], float]:
    """One run from its trigger to its end: seconds, latencies of the probe meanwhile, peak memory."""
    run = _trigger(client)
    latencies: list[float] = []
    peak = 0.0
    while True:
        latencies.extend(_latency(client) for _ in range(20))
        peak = max(peak, service.rss_mb())
        state = at_size.ask(client, "query($id: ID!) { run(id: $id) { status durationMs error } }", id=run)["run"]
        if state["status"] not in {"QUEUED", "RUNNING"}:
            break
        time.sleep(0.05)
    if state["status"] != "SUCCESS":
        raise RuntimeError(f"the run ended as {state['status']}: {state['error']}")
    return state["durationMs"] / 1000, latencies, peak


def _trigger(client: httpx.Client) -> str:
    answer = at_size.ask(client, 'mutation { triggerEtl(source: "csv") { started { id } errors { message } } }')
    return str(answer["triggerEtl"]["started"][0]["id"])


def _latency(client: httpx.Client) -> float:
    began = time.perf_counter()
    client.get(PROBE).raise_for_status()
    return (time.perf_counter() - began) * 1000


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


if __name__ == "__main__":
    main()

"""`python -m bench`: ingest and serve against the limits and against peers, paired in rounds.

Peers are installed into a folder of their own; what can't be installed is named as missing. Prints Markdown tables;
writes every figure as JSON, and the chart.
"""

import argparse
import json
import logging
import os
import platform
import sqlite3
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import structlog

from bench import against, ingesting, report
from bench.databases import database, postgres_version
from bench.installed import Installed, install, none_of_them
from bench.records import Exchange

SECONDS = 3.0
_WORK = ("ingest", "serve")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("work", nargs="*", default=_WORK, help="ingest, serve, or both (the default)")
    parser.add_argument("--size", type=int, default=5000, help="records (default 5,000; at most 100,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--peers", type=Path, default=Path("build/bench"), help="where peers are installed")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="where bench.json and bench.svg go")
    parser.add_argument("--no-peers", action="store_true", help="measure against the limits alone")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    peers = none_of_them() if options.no_peers else install(options.peers.resolve())
    found = _measure(options.work, options.size, options.rounds, peers)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "bench.json").write_text(json.dumps(found, indent=2))
    (options.out / "bench.svg").write_text(report.chart(found))
    print(report.markdown(found))


def _measure(work: list[str], size: int, rounds: int, peers: Installed) -> dict[str, Any]:
    postgresql = postgres_version()
    kinds = ("sqlite", "postgresql") if postgresql else ("sqlite",)
    missing = dict(peers.missing) | ({} if postgresql else {"PostgreSQL": "no server at TEST_POSTGRES_URL"})
    found: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "size": size,
        "rounds": rounds,
        "missing": missing,
        "versions": {
            "Kasparro": version("kasparro"),
            "Python": platform.python_version(),
            "SQLite": sqlite3.sqlite_version,
            **({"PostgreSQL": postgresql} if postgresql else {}),
            **peers.versions,
        },
    }
    if "ingest" in work:
        found["ingest"] = {kind: [_ingest(kind, size, peers) for _ in range(rounds)] for kind in kinds}
    if "serve" in work and postgresql:
        found["serve"] = list(_serve(size, rounds, peers, missing))
    missing |= peers.missing
    found["load"] = f"{os.getloadavg()[1]:.1f}"
    return found


def _ingest(kind: str, size: int, peers: Installed) -> ingesting.Round:
    rates = ingesting.measure(kind, size, peers)
    listed = (f"{name} {one['rate']:,.0f}" for name, one in rates.items())
    print(f"{kind}: {', '.join(listed)}", file=sys.stderr)
    return rates


def _serve(size: int, rounds: int, peers: Installed, missing: dict[str, str]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name, database("sqlite") as sqlite, database("postgresql") as postgresql:
        folder = Path(name)
        for url in (sqlite, postgresql):
            ingesting.fill(url, Exchange(size), versions=against.POINTS)
        servers = against.servers({"sqlite": sqlite, "postgresql": postgresql}, folder, peers)
        return [_serve_round(servers, size, folder, missing) for _ in range(rounds)]


def _serve_round(
    servers: list[against.Server], size: int, folder: Path, missing: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Every server once; one that can't be asked is missing from then on."""
    found = {against.PREPARED: {"list": asdict(against.prepared(folder, SECONDS))}}
    for server in list(servers):
        try:
            answered = against.measure(server, size, SECONDS)
        except (RuntimeError, OSError, httpx.HTTPError) as error:
            missing[server.name] = str(error)
            servers.remove(server)
            continue
        found[server.name] = {work: asdict(one) for work, one in answered.items()}
        print(f"{server.name}: {', '.join(f'{w} {one.rate:,.0f}/s' for w, one in answered.items())}", file=sys.stderr)
    return found


if __name__ == "__main__":
    main()

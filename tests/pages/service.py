"""The real service over the local upstream, as processes of their own, with one finished run of each source."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.system.processes import ROOT, environment, free_port, serving, wait_until

TOKEN = "token-of-the-page-tests"
COINS = 600


@dataclass(frozen=True)
class Service:
    """Where it and its upstream answer, its SQLite file, and its API token."""

    url: str
    upstream: str
    database: Path
    token: str = TOKEN

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer, asked for with the token."""
        body = {"query": query, "variables": variables}
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.post(f"{self.url}/graphql", json=body, headers=headers, trust_env=False).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def spoil(self, *faults: dict[str, Any]) -> None:
        """Let requests to the upstream go wrong from now on, as tests/upstream/faults.py has it; none: heal it."""
        httpx.post(f"{self.upstream}/_control", json={"faults": faults}, trust_env=False).raise_for_status()


@contextmanager
def service(folder: Path, **settings: str) -> Iterator[Service]:
    """A service that has ingested every source once, on SQLite. `settings` are environment variables."""
    database = folder / "pages.sqlite3"
    with _upstream() as upstream:
        defaults = {
            "DATABASE_URL": f"sqlite:///{database}",
            "API_TOKEN": TOKEN,
            "COINGECKO_BASE_URL": f"{upstream}/api/v3",
            "COINPAPRIKA_BASE_URL": f"{upstream}/v1",
            "COINGECKO_MAX_COINS": str(COINS),
            "COINGECKO_CALLS_PER_MINUTE": "6000",
            "COINPAPRIKA_CALLS_PER_MINUTE": "6000",
            "ETL_SCHEDULE_COINGECKO": "1d",
            "ETL_SCHEDULE_COINPAPRIKA": "1d",
            "ETL_SCHEDULE_CSV": "1d",
        }
        with serving(folder, **{**defaults, **settings}) as (url, _):
            wait_until(lambda: _has_ingested(url))
            yield Service(url, upstream, database)


@contextmanager
def _upstream() -> Iterator[str]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "tests.upstream",
        "--port",
        str(port),
        "--coins",
        str(COINS),
        "--tick-seconds",
        "0",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/api/v3/ping"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=15)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _has_ingested(url: str) -> bool:
    stats = httpx.get(f"{url}/stats", trust_env=False).json()
    return bool(stats["succeeded"] >= 3)

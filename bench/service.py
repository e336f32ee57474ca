"""A real server in a process of its own, watched from outside."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

START_SECONDS = 30.0


@dataclass(frozen=True)
class Service:
    """A running server: where it listens, its process, and how long it took to its first answer."""

    url: str
    process: psutil.Process
    start_seconds: float

    def rss_mb(self) -> float:
        """Resident memory in MB (10**6 bytes)."""
        return float(self.process.memory_info().rss) / 1e6


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Service]:
    """Run `kasparro serve` with these settings until the block ends."""
    port = _free_port()
    environment = {"PATH": os.environ["PATH"], "PORT": str(port), "LOG_LEVEL": "WARNING", **settings}
    with (folder / "service.log").open("ab") as log:
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "app"],
            env={**environment, "PYTHONPATH": str(Path.cwd())},
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(url, child)
        yield Service(url, psutil.Process(child.pid), time.perf_counter() - began)
    finally:
        child.terminate()
        child.wait(timeout=15)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(url: str, child: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise RuntimeError(f"the server ended with code {child.returncode}; see service.log")
        try:
            if httpx.get(f"{url}/livez", timeout=1.0).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.01)
    raise TimeoutError(f"no answer within {START_SECONDS:g} s")

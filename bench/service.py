"""Real servers in processes of their own, watched from outside."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

START_SECONDS = 60.0


@dataclass(frozen=True)
class Service:
    """A running server: where it listens, its process, and how long it took to its first answer."""

    url: str
    process: psutil.Process
    start_seconds: float

    def rss_mb(self) -> float:
        """Resident memory of the server and what it started, in MB (10**6 bytes)."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(float(each.memory_info().rss) for each in family) / 1e6


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Service]:
    """Run `kasparro serve` with these settings until the block ends."""
    environment = {"LOG_LEVEL": "WARNING", "PYTHONPATH": str(Path.cwd()), **settings}
    with running([sys.executable, "-m", "app"], folder, environment, probe="/livez") as service:
        yield service


@contextmanager
def running(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, probe: str = "/"
) -> Iterator[Service]:
    """Run a server until the block ends. `{port}` in its command is the port it is to listen on, as is PORT."""
    port = free_port()
    with (folder / "service.log").open("ab") as log:
        began = time.perf_counter()
        child = subprocess.Popen(
            [part.replace("{port}", str(port)) for part in command],
            env={"PATH": os.environ["PATH"], "PORT": str(port), **environment},
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_it_answers(url + probe, child)
        yield Service(url, psutil.Process(child.pid), time.perf_counter() - began)
    finally:
        child.terminate()
        child.wait(timeout=15)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(url: str, child: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise RuntimeError(f"the server ended with code {child.returncode}; see service.log")
        try:
            if httpx.get(url, timeout=1.0).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.01)
    raise TimeoutError(f"no answer within {START_SECONDS:g} s")

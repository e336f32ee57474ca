"""Asking a server the same things over and over on open connections: requests a second, latencies, the server's CPU.

The client is a process of its own (see `load`), so that it is as light as it can be beside the server.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

CONNECTIONS = 16


@dataclass(frozen=True)
class Answered:
    """What one spell of asking gave. Latency in ms; CPU of the server's processes, in us a request."""

    rate: float
    p99_ms: float
    cpu_us: float


def ask(url: str, bodies: Sequence[bytes], server: psutil.Process, seconds: float) -> Answered:
    """POST the JSON bodies in turn, or GET the URL where there are none. Raises RuntimeError for a bad answer."""
    command = [sys.executable, "-m", "bench.load", url, str(seconds), str(CONNECTIONS)]
    before = _cpu(server)
    done = subprocess.run(command, input=b"\n".join(bodies), capture_output=True, check=False, timeout=60 + seconds)
    cpu = _cpu(server) - before
    if done.returncode:
        raise RuntimeError(f"{url} could not be asked: {done.stderr.decode()[-300:]}")
    found = json.loads(done.stdout)
    if found["failures"]:
        raise RuntimeError(f"{url}: {found['failures']} answers were not good")
    return Answered(found["requests"] / found["seconds"], found["p99_ms"], cpu / found["requests"] * 1e6)


def _cpu(server: psutil.Process) -> float:
    family = [server, *server.children(recursive=True)]
    return sum(times.user + times.system for times in (each.cpu_times() for each in family))

"""Real processes of the service and of the local upstream, with their output in files."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Process:
    """A process and where its output goes."""

    popen: "subprocess.Popen[bytes]"
    log: Path

    def said(self, word: str) -> bool:
        return word in self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, word: str) -> bool:
        """Wait until the output holds `word`; False if the process ended before it did."""
        wait_until(lambda: self.said(word) or self.popen.poll() is not None, f"{word!r} in the log")
        return self.said(word)

    def send(self, number: signal.Signals) -> None:
        if self.popen.poll() is None:
            self.popen.send_signal(number)

    def join(self) -> int:
        """The exit code; negative for a signal."""
        return self.popen.wait(timeout=PATIENCE_SECONDS)


@contextlib.contextmanager
def started(arguments: Sequence[str], folder: Path, settings: dict[str, str]) -> Iterator[Process]:
    """Start a Python program; whatever is left of it is killed when the block ends."""
    log = folder / f"{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings},
            cwd=folder,
            stdout=output,
            stderr=output,
        )
    try:
        yield Process(popen, log)
    finally:
        popen.kill()
        popen.wait()


class UpstreamProcess:
    """The local upstream, in a process of its own; its market moves when it is told to."""

    def __init__(self, process: Process) -> None:
        assert process.wait_for("COINPAPRIKA_BASE_URL="), process.log.read_text(encoding="utf-8")
        words = process.log.read_text(encoding="utf-8").split()
        self.settings = dict(word.split("=", 1) for word in words if "_BASE_URL=" in word)
        self._control = self.settings["COINGECKO_BASE_URL"].removesuffix("/api/v3") + "/_control"

    def set_tick(self, tick: int) -> None:
        body = json.dumps({"tick": tick}).encode()
        with urllib.request.urlopen(urllib.request.Request(self._control, body, method="POST"), timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        assert found["tick"] == tick


@contextlib.contextmanager
def upstream(folder: Path, coins: int) -> Iterator[UpstreamProcess]:
    """An upstream whose market stands still between ticks, with the same coins for ever."""
    options = ["--port", "0", "--coins", str(coins), "--churn", "0", "--tick-seconds", "0"]
    with started(["-m", "tests.upstream", *options], folder, {}) as process:
        yield UpstreamProcess(process)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited too long for {what}")
        time.sleep(_POLL_SECONDS)

"""Real `kasparro` processes for tests: started, watched, and always ended."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**settings: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}


@contextmanager
def started(arguments: Sequence[str], folder: Path, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `kasparro ARGUMENTS`; whatever is left of it is killed when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", *arguments],
        env=environment(**settings),
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def run(arguments: Sequence[str], folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run `kasparro ARGUMENTS` to its end."""
    with started(arguments, folder, **settings) as process:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A server that answers: its URL and its process. Its output goes to `server.log` in the folder."""
    port = free_port()
    with (folder / "server.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app"],
            env=environment(PORT=str(port), **settings),
            cwd=folder,
            text=True,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url) or process.poll() is not None)
        assert process.poll() is None, (folder / "server.log").read_text()
        yield url, process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=15)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", timeout=1.0).status_code == 200
    except httpx.TransportError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until `condition()` holds; fail after a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)

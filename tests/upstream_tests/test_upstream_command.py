"""The command line, in a process of its own."""

import signal
import subprocess
import sys

import httpx
import pytest

COMMAND = (sys.executable, "-m", "tests.upstream")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a signal to catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_cleanly(number: signal.Signals) -> None:
    faults = '[{"kind":"empty"}]'
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--coins", "20", "--faults", faults],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        urls = dict(word.split("=") for word in process.stdout.readline().split())
        answer = httpx.get(urls["COINPAPRIKA_BASE_URL"] + "/coins")
        other = httpx.get(urls["COINGECKO_BASE_URL"] + "/nothing")
        process.send_signal(number)
        _, complaints = process.communicate(timeout=10)
    assert (answer.content, other.content) == (b"[]\n", b"[]")
    assert (process.returncode, complaints) == (0, "")


def test_a_mistake_is_named() -> None:
    done = subprocess.run([*COMMAND, "--faults", '[{"kind":"x"}]'], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown fault kind" in done.stderr

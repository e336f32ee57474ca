"""A few blows in every test run; `make chaos N=200` deals many."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.databases import KINDS

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300


@pytest.mark.parametrize("kind", KINDS)
def test_runs_struck_at_random_moments_leave_what_a_clean_one_leaves(kind: str, request: pytest.FixtureRequest) -> None:
    if kind == "postgresql":
        request.getfixturevalue("postgres_url")
    command = ["-m", "tests.chaos", "--database", kind, "--kills", "3", "--seed", "7"]
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr

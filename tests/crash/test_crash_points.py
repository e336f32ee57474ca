"""A sample of the crash points in every test run; `make crash` takes them all."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.crash.campaign import chosen
from tests.crash.databases import KINDS

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_died_anywhere_leaves_what_a_clean_one_leaves(kind: str, request: pytest.FixtureRequest) -> None:
    if kind == "postgresql":
        request.getfixturevalue("postgres_url")
    # In a process of its own: one with threads, as pytest may have, must not be forked.
    command = ["-m", "tests.crash", "--database", kind, "--sample", "48", "--pairs", "2", "--jobs", "1"]
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_sample_holds_every_point_around_a_commit() -> None:
    labels = ["before SELECT", "after SELECT", "before COMMIT", "waits run", "resumes run", "after COMMIT"] * 20
    points = chosen(labels, 60, Random(1))
    assert {n for n, label in enumerate(labels, 1) if "COMMIT" in label} < set(points)
    assert len(points) == 60
    assert chosen(labels, None, Random(1)) == list(range(1, 121))

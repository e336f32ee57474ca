"""A few simulations in every test run; `make simulate SEEDS=10000` carries out many more."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.plan import plan_of

ROOT = Path(__file__).parents[2]
SEEDS_A_TEST = 8
# Two of the mistakes that tests/mutants makes come to light in the last eight.
FIRST_SEEDS = (1, 9, 25, 97)
PATIENCE_SECONDS = 600


def simulated(*options: str) -> "subprocess.CompletedProcess[str]":
    # In a process of its own: one with threads, as pytest may have, must not be forked.
    command = [sys.executable, "-m", "tests.simulation", "--jobs", "1", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


@pytest.mark.parametrize("first", FIRST_SEEDS)
def test_whatever_goes_wrong_all_is_well_in_the_end(first: int) -> None:
    ended = simulated("--first", str(first), "--seeds", str(SEEDS_A_TEST))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{SEEDS_A_TEST} simulations" in ended.stdout


def test_a_seed_gives_the_same_history_every_time() -> None:
    seed = next(n for n in range(1, 1000) if len(plan_of(n).troubles) >= 5 and plan_of(n).hosts > 1)
    histories = [simulated("--seed", str(seed), "--history").stdout.rpartition("\n1 simulations")[0] for _ in range(2)]
    assert histories[0] == histories[1]
    assert len(histories[0].splitlines()) > 20


def test_every_sort_of_trouble_comes_among_the_first_seeds() -> None:
    plans = [plan_of(seed) for seed in range(1, 201)]
    kinds = {deed.kind for plan in plans for deed in plan.deeds}
    assert kinds == {"kill", "stop", "freeze", "refused", "lost", "clock", "trigger", "cancel", "reset"}
    assert len({episode.kind for plan in plans for episode in plan.episodes}) >= 16

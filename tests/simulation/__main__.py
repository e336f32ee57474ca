"""`python -m tests.simulation`: whole servers under a virtual clock. Exit code 1 when anything is not as it must be.

A seed always gives the same history: `--seed 17 --history` shows the one of a seed that failed.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from db import migrate
from tests.crash.databases import with_database
from tests.crash.forks import Child, Say, in_child
from tests.simulation.world import Verdict, simulate

SEEDS_A_PROCESS = 50
"""Then a fresh one: what dead servers left suspended is kept until its process ends."""
PATIENCE_SECONDS = 3600
SHOWN = 4
"""Problems of one seed; the first say most."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default: %(default)s)")
    parser.add_argument("--first", type=int, default=1, help="the first of them (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--history", action="store_true", help="tell what happened")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    _fix_the_order_of_sets()
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.seeds)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        template = _empty_database(Path(folder))
        verdicts = _all(seeds, template, max(1, options.jobs))
    return _report(verdicts, time.monotonic() - began, history=options.history)


def _fix_the_order_of_sets() -> None:
    """Python orders sets of texts anew in each process, unless it is told not to."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"})


def _empty_database(folder: Path) -> Path:
    file = folder / "empty.sqlite3"

    def create(_say: Say) -> None:
        asyncio.run(with_database(f"sqlite:///{file}", migrate.upgrade))

    in_child(create)
    return file


def _all(seeds: Sequence[int], template: Path, jobs: int) -> list[Verdict]:
    """The verdicts on all seeds, by `jobs` processes at a time."""
    verdicts: list[Verdict] = []
    chunks = [seeds[n : n + SEEDS_A_PROCESS] for n in range(0, len(seeds), SEEDS_A_PROCESS)]
    running: list[Child] = []
    while chunks or running:
        while chunks and len(running) < jobs:
            running.append(Child(_worker(chunks.pop(0), template)))
        said = running.pop(0).join(PATIENCE_SECONDS).said
        verdicts += [
            Verdict(seed, problems, history, Counter(runs), took) for seed, problems, history, runs, took in said
        ]
        sys.stderr.write(f"{len(verdicts)} of {len(seeds)}, {sum(bool(each.problems) for each in verdicts)} failed\n")
    return verdicts


def _worker(seeds: Sequence[int], template: Path) -> Callable[[Say], None]:
    def work(say: Say) -> None:
        found = [simulate(seed, template) for seed in seeds]
        say([[each.seed, each.problems, each.history, each.statuses, each.seconds] for each in found])

    return work


def _report(verdicts: Sequence[Verdict], seconds: float, *, history: bool) -> int:
    failed = [each for each in verdicts if each.problems]
    for each in verdicts if history else ():
        sys.stdout.write("\n".join([f"seed {each.seed}", *each.history, ""]))
    for each in failed:
        for problem in each.problems[:SHOWN]:
            sys.stdout.write(f"seed {each.seed}: {problem}\n")
    statuses: Counter[str] = Counter()
    for each in verdicts:
        statuses.update(each.statuses)
    told = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    hours = sum(each.seconds for each in verdicts) / 3600
    sys.stdout.write(
        f"{len(verdicts)} simulations of {hours:.0f} hours in {seconds:.0f} s; runs: {told}; {len(failed)} failed\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

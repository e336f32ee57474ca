"""`python -m tests.crash`: kill a run at every one of its points. Exit code 1 when anything differs."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence

import structlog

from tests.crash.campaign import Found, enumerate_crashes
from tests.crash.databases import KINDS

SHOWN = 20


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--sample", type=int, help="how many points (default: all)")
    parser.add_argument("--pairs", type=int, default=100, help="how many random pairs of points (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which sample and pairs (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    # What a killed run logs is no news here.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    kinds = KINDS if options.database == "both" else (options.database,)
    ok = [_report(kind, options) for kind in kinds]
    return 0 if all(ok) else 1


def _report(kind: str, options: argparse.Namespace) -> bool:
    began = time.monotonic()
    found = enumerate_crashes(
        kind, sample=options.sample, seed=options.seed, pairs=options.pairs, jobs=max(1, options.jobs)
    )
    _print(kind, found, time.monotonic() - began)
    return not found.violations and found.killed > 0


def _print(kind: str, found: Found, seconds: float) -> None:
    kinds = ", ".join(f"{count} {word}" for word, count in sorted(found.kinds.items()))
    sys.stdout.write(
        f"{kind}: {found.points} points ({kinds}); {found.killed} processes killed, "
        f"{found.not_reached} ended before their point, {len(found.violations)} violations, {seconds:.0f} s\n"
    )
    for line in found.violations[:SHOWN]:
        sys.stdout.write(f"  {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

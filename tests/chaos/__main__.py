"""`python -m tests.chaos`: strike runs at random moments. Exit code 1 when anything is lost, doubled or stuck."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.chaos.series import campaign
from tests.crash.databases import KINDS


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="blows on each database (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which blows and moments (default: %(default)s)")
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    options = parser.parse_args(arguments)
    kinds = KINDS if options.database == "both" else (options.database,)
    ok = [_report(kind, options.kills, options.seed) for kind in kinds]
    return 0 if all(ok) else 1


def _report(kind: str, kills: int, seed: int) -> bool:
    began = time.monotonic()
    outcome = campaign(kind, kills=kills, seed=seed)
    sys.stdout.write(
        f"{kind}, seed {seed}: {outcome.blows.total()} blows ({_listed(outcome.blows)}) in {outcome.series} series; "
        f"runs: {_listed(outcome.statuses)}; {len(outcome.violations)} violations, {time.monotonic() - began:.0f} s\n"
    )
    for line in outcome.violations:
        sys.stdout.write(f"  {line}\n")
    sys.stdout.flush()
    return not outcome.violations


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())

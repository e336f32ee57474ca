"""What work takes: time on the clock, and CPU time of this process and of the server's processes for benchmarks.

On a machine with other work to do the second says more than the first.
"""

import time
from typing import NamedTuple

import psutil

# As PostgreSQL shows the databases of benchmarks in its processes' titles.
_TITLE = "kasparro_bench_"


class Spent(NamedTuple):
    """Seconds on the clock, and seconds of CPU."""

    clock: float
    cpu: float

    def since(self, before: "Spent") -> "Spent":
        """What was spent between two moments."""
        return Spent(self.clock - before.clock, self.cpu - before.cpu)

    def plus(self, other: "Spent") -> "Spent":
        """Both together."""
        return Spent(self.clock + other.clock, self.cpu + other.cpu)


def moment() -> Spent:
    """What was spent until now."""
    return Spent(time.perf_counter(), time.process_time() + _servers_cpu())


def _servers_cpu() -> float:
    total = 0.0
    for process in psutil.process_iter(["name", "cmdline", "cpu_times"]):
        known = process.info
        if (known["name"] or "").startswith("postgres") and any(_TITLE in part for part in known["cmdline"] or ()):
            total += known["cpu_times"].user + known["cpu_times"].system
    return total

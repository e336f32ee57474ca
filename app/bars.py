"""Progress bars on stderr, for a person at a terminal."""

import sys
import time
from types import TracebackType
from typing import Any, Self

_FORMAT = "{desc:<20} {bar:30} {n_fmt}/{total_fmt} [{elapsed}<{remaining}]"
# Of how many is not known yet.
_OPEN_FORMAT = "{desc:<20} {n_fmt} [{elapsed}]"


class Bars:
    """A bar for each name; of what has no total yet, a count. Those that do not `stay` are gone at the end."""

    def __init__(self, *, stay: bool) -> None:
        self._stay = stay
        self._bars: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in self._bars.values():
            bar.close()

    def show(self, name: str, done: int, total: int | None, said: str = "") -> None:
        """How far a thing is; `said` stands in front of the bar instead of its name."""
        from tqdm import tqdm

        if name not in self._bars:
            tqdm.monitor_interval = 0  # no thread that looks after bars which nobody moves
            self._bars[name] = tqdm(
                total=total, initial=done, miniters=1, smoothing=0, desc=said or name,
                bar_format=_OPEN_FORMAT if total is None else _FORMAT,
                file=sys.stderr, leave=self._stay, dynamic_ncols=True,
            )  # fmt: skip
        bar = self._bars[name]
        if bar.total != total:
            # Another count begins, from where this one is: what was done before says nothing of its speed.
            bar.total, bar.desc, bar.bar_format = total, said or name, _FORMAT
            bar.initial = bar.n = bar.last_print_n = done
            bar.start_t = bar.last_print_t = time.time()
            bar.refresh()
        bar.update(done - bar.n)

    def say(self, line: str) -> None:
        """A line above the bars."""
        from tqdm import tqdm

        tqdm.write(line, file=sys.stderr)

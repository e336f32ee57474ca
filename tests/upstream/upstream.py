"""The local upstream as a whole: state, faults and the log of what was asked; server.py puts it on a port."""

import itertools
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from . import control, errors
from .access import Keys, refusal
from .clock import Clock
from .content import Content, Generated
from .effects import KEY_HEADERS
from .endpoints import Endpoints
from .faults import Fault, Rule
from .market import Market
from .messages import Answer, Body, Request
from .replay import Replay
from .selection import View

_LOGGED_HEADERS: Final = ("user-agent", "accept", "accept-encoding", "if-none-match", *KEY_HEADERS)
_LOG_LENGTH: Final = 20_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as the log keeps it. `status` is what was meant to be sent, even if a fault cut it off."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    status: int
    faults: tuple[str, ...]
    tick: int


class Upstream:
    """CoinGecko and CoinPaprika in one: a generated market, or recorded payloads with `replay`.

    Without `live` the market stands still at `tick` until that is set, so tests see the same bytes each time.
    `not_modified` answers 304 to a matching If-None-Match, which no recording of the real upstreams shows.
    """

    def __init__(
        self,
        *,
        size: int = 5000,
        seed: int = 1,
        churn: float = 0.01,
        replay: Path | None = None,
        date: str | None = None,
        faults: Iterable[Fault] = (),
        keys: Keys | None = None,
        start: datetime | None = None,
        tick_seconds: float = 60.0,
        live: bool = False,
        not_modified: bool = False,
    ) -> None:
        self.market = Market(size, seed, churn)
        self.replay = Replay(replay, date) if replay else None
        self.clock = Clock(start, tick_seconds, live=live)
        self.keys = keys or Keys()
        self.not_modified = not_modified
        self.rules: list[Rule] = []
        self.requests: deque[Seen] = deque(maxlen=_LOG_LENGTH)
        self.counts: Counter[tuple[str, int]] = Counter()
        self._numbers = itertools.count(1)
        self._endpoints = Endpoints(self.content)
        self.set_faults(faults)

    @property
    def content(self) -> Content:
        """Where good answers come from."""
        return self.replay or Generated(self.market)

    @property
    def tick(self) -> int:
        """How many ticks have passed."""
        return self.clock.tick

    @tick.setter
    def tick(self, tick: int) -> None:
        self.clock.tick = tick

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return self.clock.moment()

    def warm(self) -> None:
        """Make the market now; otherwise the first request waits for it, several seconds if it is large."""
        if self.replay is None:
            self.market.at(self.now).warm()

    def set_market(self, size: int, seed: int, churn: float) -> None:
        """Another market from now on."""
        self.market = Market(size, seed, churn)
        self._endpoints = Endpoints(self.content)

    def set_date(self, date: str) -> None:
        """Replay: the recorded pages of another date from now on."""
        if self.replay is None:
            raise ValueError("a date needs replay")
        self.replay = Replay(self.replay.folder, date)
        self._endpoints = Endpoints(self.content)

    def set_faults(self, faults: Iterable[Fault]) -> None:
        """These faults and no others from now on, counted from zero."""
        faults = list(faults)
        recorded = self.replay.errors if self.replay else {}
        for fault in faults:
            if fault.kind == "error" and fault.parameters["name"] not in errors.NAMED | recorded:
                raise ValueError(f"unknown error answer {fault.parameters['name']!r}")
        self.rules = [Rule(fault) for fault in faults]

    def reset(self) -> None:
        """Forget all faults and requests."""
        self.set_faults(())
        self.requests.clear()
        self.counts.clear()
        self._numbers = itertools.count(1)

    def asked(self, path: str = "", status: int | None = None) -> int:
        """How many requests had `path` in their path (and that status) since the start or the last reset."""
        return sum(n for (p, s), n in self.counts.items() if path in p and status in {None, s})

    def answer(self, request: Request) -> Answer:
        """Answer one request and log it; requests to the control path are not logged and meet no faults."""
        if request.path == control.PATH:
            return control.answer(self, request)
        rules = [rule for rule in self.rules if rule.takes(request)]
        answer = self._spoiled(request, rules)
        answer = self._revalidated(answer, request)
        self._log(request, answer, rules)
        return _encoded(answer, request)

    def _spoiled(self, request: Request, rules: list[Rule]) -> Answer:
        view = View()
        for rule in rules:
            view = rule.bend(view)
        moment = self.clock.moment(view.ticks_back)
        # The age of an answer is in its moment already; the content must not see two views of one list.
        view = replace(view, ticks_back=0)
        answer = refusal(request, self.keys) or self._endpoints.answer(request, view, moment)
        recorded = self.replay.errors if self.replay else {}
        for rule in rules:
            answer = rule.spoil(answer, request, recorded)
        return answer

    def _revalidated(self, answer: Answer, request: Request) -> Answer:
        etag = answer.headers.get("etag")
        if not self.not_modified or etag is None or request.headers.get("if-none-match") != etag:
            return answer
        return replace(answer, status=304, body=Body(b""))

    def _log(self, request: Request, answer: Answer, rules: list[Rule]) -> None:
        headers = {name: request.headers[name] for name in _LOGGED_HEADERS if name in request.headers}
        kinds = tuple(rule.fault.kind for rule in rules)
        self.counts[request.path, answer.status] += 1
        self.requests.append(
            Seen(
                number=next(self._numbers),
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers=headers,
                status=answer.status,
                faults=kinds,
                tick=self.tick,
            )
        )


def _encoded(answer: Answer, request: Request) -> Answer:
    """gzip where the client takes it, unless a fault encoded the body already."""
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    if not takes_gzip or "content-encoding" in answer.headers or not answer.body.plain:
        return answer
    headers = {**answer.headers, "content-encoding": "gzip"}
    return replace(answer, body=Body(answer.body.gzipped), headers=headers)

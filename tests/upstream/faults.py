"""Faults on command: rules saying which requests go wrong, how often, and how.

    Fault("status", {"status": 429, "retry_after": 2}, Match(path="/coins/markets", page=3), count=2)

The same rule as JSON, for POST /_control:

    {"kind": "status", "status": 429, "retry_after": 2, "match": {"path": "/coins/markets", "page": 3}, "count": 2}
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from . import errors, spoil
from .effects import ANSWER_EFFECTS, VIEW_EFFECTS
from .messages import Answer, Request
from .selection import View

KINDS: Final = (*VIEW_EFFECTS, *ANSWER_EFFECTS)


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests a rule is for; the default is all of them."""

    path: str = ""
    """A part of the path, such as `/coins/markets` or `/v1/`."""
    page: int | None = None
    """The page asked for."""
    calls: tuple[int, int] | None = None
    """First and last call, counted from 1 over the requests that fit path and page."""

    def fits(self, request: Request) -> bool:
        """Whether path and page fit."""
        return self.path in request.path and self.page in {None, request.page}


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule. `count` None: as often as it matches."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    match: Match = Match()
    count: int | None = None

    def __post_init__(self) -> None:
        _check(self.kind, self.parameters)

    @classmethod
    def from_json(cls, rule: Mapping[str, Any]) -> "Fault":
        """Read a rule; raises ValueError or TypeError that says what is wrong with it."""
        parameters = dict(rule)
        kind, count = parameters.pop("kind"), parameters.pop("count", None)
        where = dict(parameters.pop("match", {}))
        if where.get("calls"):
            first, last = where["calls"]
            where["calls"] = (first, last)
        return cls(kind, parameters, Match(**where), count)

    def to_json(self) -> dict[str, Any]:
        """The rule as from_json reads it."""
        where = {"path": self.match.path, "page": self.match.page, "calls": self.match.calls}
        return {"kind": self.kind, **self.parameters, "match": where, "count": self.count}


def _check(kind: str, parameters: Mapping[str, Any]) -> None:
    """A misspelt rule must fail where it is written, not later inside the server."""
    effect = VIEW_EFFECTS.get(kind) or ANSWER_EFFECTS.get(kind)
    if effect is None:
        raise ValueError(f"unknown fault kind {kind!r}; there are {', '.join(KINDS)}")
    inspect.signature(effect).bind(None, None, **parameters)
    if kind == "poison" and parameters["what"] not in spoil.LITERALS:
        raise ValueError(f"unknown poison {parameters['what']!r}; there are {', '.join(spoil.LITERALS)}")


@dataclass(slots=True)
class Rule:
    """A fault in force: counts what it saw and did."""

    fault: Fault
    seen: int = 0
    used: int = 0

    def takes(self, request: Request) -> bool:
        """Count the request; whether the fault happens to it."""
        if not self.fault.match.fits(request):
            return False
        self.seen += 1
        first, last = self.fault.match.calls or (1, self.seen)
        spent = self.fault.count is not None and self.used >= self.fault.count
        if spent or not first <= self.seen <= last:
            return False
        self.used += 1
        return True

    def bend(self, view: View) -> View:
        """The view as this fault has it."""
        effect = VIEW_EFFECTS.get(self.fault.kind)
        return effect(view, self.seen, **self.fault.parameters) if effect else view

    def spoil(self, answer: Answer, request: Request, recorded: dict[str, Answer]) -> Answer:
        """The answer as this fault has it; `recorded` are further answers for the kind `error`."""
        if self.fault.kind == "error":
            return (errors.NAMED | recorded)[self.fault.parameters["name"]]
        effect = ANSWER_EFFECTS.get(self.fault.kind)
        return effect(answer, request, **self.fault.parameters) if effect else answer

"""Commands over HTTP: GET /_control shows the state, POST /_control changes it.

POST takes a JSON object with any of `reset` (true: forget faults and requests, before anything else),
`seed`, `size`, `churn`, `tick`, `date`, `faults` (a list of rules, see faults.py), and answers the state.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from . import errors
from .faults import Fault, Rule
from .messages import Answer, Body, Request

if TYPE_CHECKING:
    from .upstream import Upstream

PATH: Final = "/_control"
_COMMANDS: Final = frozenset({"reset", "seed", "size", "churn", "tick", "date", "faults"})


def answer(upstream: "Upstream", request: Request) -> Answer:
    """Obey a command, or say what is wrong with it (422, and nothing after the mistake is done)."""
    if request.method == "POST":
        try:
            _obey(upstream, json.loads(request.body or b"{}"))
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            return errors.flat(422, f"{type(problem).__name__}: {problem}")
    body = json.dumps(_state(upstream), indent=1).encode()
    return Answer(200, Body(body), {"content-type": "application/json"})


def _obey(upstream: "Upstream", command: Mapping[str, Any]) -> None:
    unknown = command.keys() - _COMMANDS
    if unknown:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}; there are {', '.join(sorted(_COMMANDS))}")
    faults = [Fault.from_json(rule) for rule in command.get("faults", ())]
    if command.get("reset"):
        upstream.reset()
    if command.keys() & {"seed", "size", "churn"}:
        market = upstream.market
        upstream.set_market(
            int(command.get("size", market.size)),
            int(command.get("seed", market.seed)),
            float(command.get("churn", market.churn)),
        )
    if "date" in command:
        upstream.set_date(command["date"])
    if "tick" in command:
        upstream.tick = int(command["tick"])
    if "faults" in command:
        upstream.set_faults(faults)


def _state(upstream: "Upstream") -> dict[str, Any]:
    replay = upstream.replay
    return {
        "mode": "replay" if replay else "market",
        "seed": upstream.market.seed,
        "size": upstream.market.size,
        "churn": upstream.market.churn,
        "tick": upstream.tick,
        "tick_seconds": upstream.clock.tick_seconds,
        "now": upstream.now.isoformat(),
        "date": replay and replay.date,
        "dates": replay.dates if replay else [],
        "faults": [_rule(rule) for rule in upstream.rules],
        "counts": _counts(upstream),
        "requests": [asdict(seen) for seen in upstream.requests],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {**rule.fault.to_json(), "seen": rule.seen, "used": rule.used}


def _counts(upstream: "Upstream") -> dict[str, dict[str, int]]:
    """Path -> status -> how many."""
    counts: dict[str, dict[str, int]] = {}
    for (path, status), number in upstream.counts.items():
        counts.setdefault(path, {})[str(status)] = number
    return counts

"""What must be true when a simulation is over, whatever went wrong in it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sqlalchemy import text

from db.engine import Database
from db.verify.verification import verify
from tests.simulation.market import GECKO, PAPRIKA, Call, Market, id_of
from tests.simulation.plan import Plan

KEY = "simulated-secret-key"
FAILURES_TO_OPEN = 5
FIRST_PAUSE_SECONDS = 60.0
MINUTE_OF_CALLS = 55.0
"""A little less than a minute, since a call that was allowed is a moment on its way."""
Stored = dict[tuple[str, str], tuple[bytes, float | None]]
"""What each asset shows, by source and external id: the payload it came from and its price."""


async def violations(database: Database, market: Market, plan: Plan) -> list[str]:
    """One line for everything that is not as it must be."""
    report = await verify(database, {"COINGECKO_API_KEY": KEY})
    found = [
        f"invariant {each.number} ({each.name}): {each.violations} rows, such as {each.sample[:1]!r}"
        for each in report.invariants
        if each.violations
    ]
    found += _wrong_assets(await _stored(database), market)
    found += await _invented(database, market)
    if plan.is_calm:
        for source in (GECKO, PAPRIKA):
            calls = [call for call in market.calls if call.source == source]
            found += [*_too_early(calls), *_without_a_pause(calls)]
        found += _too_many([call for call in market.calls if call.source == GECKO], plan.calls_per_minute)
    return found


async def _stored(database: Database) -> Stored:
    statement = (
        "SELECT a.source, a.external_id, r.payload, a.price_usd FROM assets a "
        "JOIN raw_assets r ON r.source = a.source AND r.record_id = a.record_id"
    )
    async with database.read() as connection:
        rows = await connection.execute(text(statement))
        return {(row[0], row[1]): (row[2].encode(), row[3]) for row in rows}


def _wrong_assets(stored: Stored, market: Market) -> Iterator[str]:
    """Every listed coin is stored as it is listed now: nothing lost, nothing older over newer."""
    for source in (GECKO, PAPRIKA):
        for row in market.rows(source, market.standstill):
            key = (source, id_of(row))
            payload, price = stored.get(key, (b"nothing", None))
            if payload != row:
                yield f"{key} is listed as {row!r} and stored as {payload!r}"
            elif f":{price!r}".encode() not in row:
                yield f"{key} has the price {price!r}, its payload is {row!r}"


async def _invented(database: Database, market: Market) -> list[str]:
    """Payloads that no API ever served."""
    async with database.read() as connection:
        rows = await connection.execute(text("SELECT source, external_id, payload FROM raw_assets"))
        return [
            f"{source} never served {payload!r}"
            for source, external_id, payload in rows
            if payload.encode() not in market.served[source, external_id]
        ]


def _too_early(calls: Sequence[Call]) -> Iterator[str]:
    """Calls that came although the upstream wanted to be left alone."""
    for call, following in pairwise(calls):
        if following.came < call.answered + call.wait:
            asked = f"{call.source} asked at {call.answered:.1f} s to wait {call.wait:.0f} s"
            yield f"{asked} and was called at {following.came:.1f} s"


def _without_a_pause(calls: Sequence[Call]) -> Iterator[str]:
    """Calls to an upstream whose last calls all failed, without the pause that the circuit breaker makes."""
    failures = 0
    for call, following in pairwise(calls):
        failures = failures + 1 if call.failed else 0
        if failures >= FAILURES_TO_OPEN and following.came - call.answered < FIRST_PAUSE_SECONDS - 1:
            yield f"{call.source} failed {failures} times and was called again at {following.came:.1f} s"


def _too_many(calls: Sequence[Call], per_minute: int) -> Iterator[str]:
    """More calls in a minute than the plan allows."""
    for first, beyond in zip(calls, calls[per_minute:], strict=False):
        if beyond.came - first.came < MINUTE_OF_CALLS:
            span = f"{first.came:.1f} s to {beyond.came:.1f} s"
            yield f"{first.source} was called more than {per_minute} times from {span}"

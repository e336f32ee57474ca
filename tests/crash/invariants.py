"""The protocol's invariants, as `kasparro verify` asks them."""

from collections.abc import Collection, Mapping

from db.engine import Database
from db.verify.verification import verify

LIVE_LEASE = 16
"""A running run has a live lease: not so between the death of its process and the next look at the source."""


async def violations(
    database: Database, *, without: Collection[int] = (), secrets: Mapping[str, str] | None = None
) -> list[str]:
    """One line for each invariant that does not hold, but for those numbered in `without`.

    `secrets` are looked for in all stored text, by the names of their variables.
    """
    report = await verify(database, secrets or {})
    return [
        f"invariant {finding.number} ({finding.name}): {finding.violations} rows, such as {finding.sample[:1]!r}"
        for finding in report.invariants
        if finding.violations and finding.number not in without
    ]

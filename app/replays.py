"""Which quarantined records a replay is asked of, and what is wrong with asking so."""

from collections.abc import Collection, Mapping, Sequence

from db import findings
from db.engine import Connection
from db.id_list import Ids
from graphql_schema import ids
from graphql_schema.operations import Problem

MOST_IDS = 1000
# As many are named in a message.
MOST_NAMED = 20
# For each source the chosen records, None for all that wait.
Wanted = Mapping[str, Ids | None]


def refusal(global_ids: Sequence[str] | None) -> Problem | None:
    """What can be said without looking at the records."""
    if global_ids is None:
        return None
    if not global_ids:
        return Problem("NO_IDS", "`ids` is empty; leave it out to replay all that wait", ("ids",))
    if len(global_ids) > MOST_IDS:
        return Problem("TOO_MANY_IDS", f"at most {MOST_IDS} records at once", ("ids",))
    return None


async def all_waiting(connection: Connection, enabled: Collection[str]) -> Wanted:
    """Every enabled source that has something to replay: an empty replay would only cost others their open pass."""
    return dict.fromkeys(sorted(await findings.sources_waiting(connection) & set(enabled)))


async def chosen(connection: Connection, source: str | None, global_ids: Sequence[str]) -> Wanted | list[Problem]:
    """The records by source, all of them or none; with `source` they must be of that one."""
    numbers = {global_id: ids.row_id("QuarantinedRecord", global_id) for global_id in global_ids}
    found = await findings.sources_of(connection, [number for number in numbers.values() if number is not None])
    unknown, replayed, by_source = [], [], dict[str, list[int]]()
    for global_id, number in numbers.items():
        held_by, waits = found.get(number, (None, False)) if number is not None else (None, False)
        if number is None or held_by is None or source not in {None, held_by}:
            unknown.append(global_id)
        elif not waits:
            replayed.append(global_id)
        else:
            by_source.setdefault(held_by, []).append(number)
    where = f" in the quarantine of {source}" if source else " in the quarantine"
    problems = [
        *_naming("UNKNOWN_RECORD", f"not{where}", unknown),
        *_naming("ALREADY_REPLAYED", "accepted by an earlier replay", replayed),
    ]
    return problems or {name: tuple(numbers) for name, numbers in sorted(by_source.items())}


def _naming(code: str, what: str, global_ids: Sequence[str]) -> list[Problem]:
    if not global_ids:
        return []
    named = ", ".join(f"{global_id:.80}" for global_id in global_ids[:MOST_NAMED])
    more = f" and {len(global_ids) - MOST_NAMED} more" if len(global_ids) > MOST_NAMED else ""
    return [Problem(code, f"{what}: {named}{more}", ("ids",))]

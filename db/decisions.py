"""What people decided of assets: kept by external id, so that it survives whatever happens to the assets."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select

from db.aio import AsyncConnection
from db.clock import now
from db.keyset import AnyRow
from db.likeness import Key
from db.tables import coin_actions, coin_decisions

LINK, CUT = "link", "cut"
UNDO = "undo"


class Decision(NamedTuple):
    """That two assets (the lower first) are one coin, or are not, why, and since when; None is from now on."""

    one: Key
    other: Key
    decision: str
    reason: str
    at: datetime | None = None


class Action(NamedTuple):
    """What a person did: `link`, `unlink` or `undo`, to which assets, and which decisions that made and withdrew."""

    id: int
    action: str
    assets: tuple[Key, ...]
    reason: str
    at: datetime
    made: tuple[Decision, ...]
    withdrawn: tuple[Decision, ...]
    undoes: int | None


async def every(connection: AsyncConnection) -> list[Decision]:
    """All decisions that stand."""
    table = coin_decisions.c
    columns = (table.source, table.external_id, table.other_source, table.other_external_id)
    found = select(*columns, table.decision, table.reason, table.decided_at).order_by(*columns)
    rows = (await connection.execute(found)).all()
    return [Decision(Key(*row[:2]), Key(*row[2:4]), *row[4:]) for row in rows]


async def exchange(connection: AsyncConnection, made: Iterable[Decision], withdrawn: Iterable[Decision]) -> None:
    """Let decisions fall, and others stand. No two that stand are of the same assets."""
    table = coin_decisions.c
    for old in withdrawn:
        one = (table.source == old.one.source) & (table.external_id == old.one.external_id)
        other = (table.other_source == old.other.source) & (table.other_external_id == old.other.external_id)
        await connection.execute(delete(coin_decisions).where(one, other))
    for new in made:
        await connection.execute(
            insert(coin_decisions).values(
                source=new.one.source, external_id=new.one.external_id, other_source=new.other.source,
                other_external_id=new.other.external_id, decision=new.decision, reason=new.reason,
                decided_at=new.at or now(),
            )
        )  # fmt: skip


async def record(
    connection: AsyncConnection,
    action: str,
    assets: Iterable[Key],
    reason: str,
    *,
    made: Sequence[Decision],
    withdrawn: Sequence[Decision],
    undoes: int | None = None,
) -> None:
    """Note for ever what a person did."""
    changes = {"made": made, "withdrawn": withdrawn, "undoes": undoes}
    await connection.execute(
        insert(coin_actions).values(
            action=action, assets=json.dumps(list(assets)), reason=reason,
            changes=json.dumps(changes, default=datetime.isoformat), at=now(),
        )
    )  # fmt: skip


async def actions(connection: AsyncConnection) -> list[Action]:
    """Everything that was ever done by hand, the newest first."""
    rows = await connection.execute(select(coin_actions).order_by(coin_actions.c.id.desc()))
    return [_action(row) for row in rows]


async def to_undo(connection: AsyncConnection) -> Action | None:
    """The newest action that still has an effect; None where all are undone."""
    undone: set[int | None] = set()
    for action in await actions(connection):
        if action.action == UNDO:
            undone.add(action.undoes)
        elif action.id not in undone:
            return action
    return None


def _action(row: AnyRow) -> Action:
    changes = json.loads(row.changes)
    made, withdrawn = (tuple(map(_decision, changes[name])) for name in ("made", "withdrawn"))
    keys = tuple(Key(*key) for key in json.loads(row.assets))
    return Action(row.id, row.action, keys, row.reason, row.at, made, withdrawn, changes["undoes"])


def _decision(kept: Sequence[Any]) -> Decision:
    one, other, decision, reason, at = kept
    return Decision(Key(*one), Key(*other), decision, reason, datetime.fromisoformat(at) if at else None)

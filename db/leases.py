"""One worker a source, fenced: a lease with an epoch that only ever rises.

Every write on behalf of a source starts with `hold` in its transaction. That UPDATE locks the lease row, so a
thief cannot commit between the check and our commit; a plain SELECT of the epoch would let it.
"""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from db.aio import AsyncConnection
from db.clock import now
from db.errors import Fenced, LeaseHeld
from db.tables import leases

LEASE_SECONDS = 30
CLOCK_TOLERANCE_SECONDS = 5


def has_lapsed() -> ColumnElement[bool]:
    """Whether nobody extended a lease in time. One that runs far into the future was taken before the clock was
    set back, and would otherwise hold the source until the clock has caught up."""
    return or_(leases.c.expires_at < now(), leases.c.expires_at > now(LEASE_SECONDS + CLOCK_TOLERANCE_SECONDS))


async def lock(connection: AsyncConnection, source: str) -> None:
    """Make sure the source has a lease row and lock it, so that requests for a source queue up."""
    statement: Any = postgresql_insert(leases).values(source=source).on_conflict_do_nothing()
    if connection.dialect.name == "sqlite":
        statement = insert(leases).prefix_with("OR IGNORE").values(source=source)
    await connection.execute(statement)
    await connection.execute(select(leases.c.epoch).where(leases.c.source == source).with_for_update())


async def take(connection: AsyncConnection, source: str, holder: str) -> int:
    """Take the free lease of a source; returns the new epoch. Raises LeaseHeld."""
    free = or_(leases.c.expires_at.is_(None), has_lapsed())
    taken = await connection.execute(
        update(leases)
        .where(leases.c.source == source, free)
        .values(epoch=leases.c.epoch + 1, holder=holder, heartbeat_at=now(), expires_at=now(LEASE_SECONDS))
        .returning(leases.c.epoch)
    )
    epoch = taken.scalar()
    if epoch is None:
        raise LeaseHeld(f"another process is working on {source}")
    return int(epoch)


async def hold(connection: AsyncConnection, source: str, epoch: int) -> datetime:
    """The fence: prove the lease is still ours and extend it. Returns the database's time. Raises Fenced."""
    held = await connection.execute(
        update(leases)
        .where(leases.c.source == source, leases.c.epoch == epoch)
        .values(heartbeat_at=now(), expires_at=now(LEASE_SECONDS))
        .returning(leases.c.heartbeat_at)
    )
    moment = held.scalar()
    if moment is None:
        raise Fenced(f"{source} was taken over by another process")
    return cast("datetime", moment)


async def release(connection: AsyncConnection, source: str, epoch: int) -> None:
    """Give the lease back; the epoch stays, so a late write of ours is still fenced off by the next taker."""
    await connection.execute(
        update(leases).where(leases.c.source == source, leases.c.epoch == epoch).values(holder=None, expires_at=None)
    )


async def revoke_expired(connection: AsyncConnection, source: str) -> bool:
    """Raise the epoch of a lease nobody extended in time, so that its holder is fenced should it wake up."""
    revoked = await connection.execute(
        update(leases)
        .where(leases.c.source == source, has_lapsed())
        .values(epoch=leases.c.epoch + 1, holder=None, expires_at=None)
        .returning(leases.c.epoch)
    )
    return revoked.scalar() is not None

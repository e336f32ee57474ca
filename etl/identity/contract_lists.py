"""Reading sources' lists of contract addresses, seldom: the strongest evidence there is, and it hardly ever changes."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

import structlog

from db import circuits, contracts, leases, links
from db.bulk import slices
from db.contracts import Listed
from db.cursors import storable
from db.engine import Connection, Database
from db.uninterrupted import uninterrupted
from etl.errors import SourceUnavailable
from etl.identity import linking
from etl.identity.contracts import PLATFORMS, normalized
from etl.identity.linking import AT_ONCE

LONGEST = 300
_log = structlog.get_logger()


@runtime_checkable
class ListsContracts(Protocol):
    """A source that knows its assets' contracts."""

    @property
    def name(self) -> str: ...

    async def contracts(self, platforms: Collection[str]) -> list[Listed]:
        """External id, platform and address as the source writes them, where it must be asked for each platform
        of these only. Raises SourceUnavailable or SourceBroken."""
        ...


class Refreshed(NamedTuple):
    """Contracts that the source lists, and assets whose contracts are others than before."""

    listed: int
    changed: int


async def refresh(database: Database, source: ListsContracts, epoch: int | None = None) -> Refreshed:
    """Read a source's list and link anew what changed; within a run, under the fence of its `epoch`.

    A platform that suddenly has no contracts keeps those it had. Raises SourceUnavailable, SourceBroken, Fenced or
    DatabaseUnavailable.
    """
    listed = _readable(await _ask(database, source))
    changed = await _store(database, source.name, listed, epoch)
    _log.info("coins.contracts_read", source=source.name, listed=len(listed), changed=changed)
    return Refreshed(len(listed), changed)


async def _ask(database: Database, source: ListsContracts) -> list[Listed]:
    try:
        return await source.contracts(PLATFORMS)
    except SourceUnavailable as problem:
        if problem.retry_at is not None:
            await uninterrupted(_leave_alone(database, source.name, problem.retry_at))
        raise


async def _leave_alone(database: Database, source: str, until: datetime) -> None:
    async with database.write() as connection:
        await circuits.remember(connection, source, until)


def _readable(rows: Collection[Listed]) -> set[Listed]:
    found = ((external_id, normalized(platform, address)) for external_id, platform, address in rows)
    return {
        (external_id, *contract)
        for external_id, contract in found
        if contract is not None and all(storable(text) and len(text) <= LONGEST for text in (external_id, *contract))
    }


async def _store(database: Database, source: str, listed: set[Listed], epoch: int | None) -> int:
    """Store in parts what is listed otherwise than before, so that others can write in between: a first list is about
    every asset. One that is given up half-way is made good by the next."""
    await uninterrupted(linking.catch_up(database))
    async with database.read() as connection:
        before = await contracts.every(connection, source)
    now = listed | _of_silent_platforms(before, listed)
    changed = sorted({external_id for external_id, _, _ in before ^ now})
    listing: dict[str, list[Listed]] = defaultdict(list)
    for each in now:
        listing[each[0]].append(each)
    for some in slices(changed, AT_ONCE):
        await uninterrupted(_replace(database, source, {key: listing[key] for key in some}, epoch))
    await uninterrupted(_note_read(database, source, epoch))
    return len(changed)


async def _replace(database: Database, source: str, listing: Mapping[str, list[Listed]], epoch: int | None) -> None:
    """Let these be the only contracts of these assets."""
    async with _fenced(database, source, epoch) as connection:
        await links.lock(connection)
        await linking.catch_up_within(connection)
        await contracts.replace(connection, source, list(listing), [each for some in listing.values() for each in some])
        await linking.relink(connection, await contracts.assets_of(connection, source, listing.keys()))


async def _note_read(database: Database, source: str, epoch: int | None) -> None:
    async with _fenced(database, source, epoch) as connection:
        await contracts.note_asked(connection, source)


@asynccontextmanager
async def _fenced(database: Database, source: str, epoch: int | None) -> AsyncIterator[Connection]:
    async with database.write() as connection:
        if epoch is not None:
            await leases.hold(connection, source, epoch)
        yield connection


def _of_silent_platforms(before: set[Listed], listed: set[Listed]) -> set[Listed]:
    heard = {platform for _, platform, _ in listed}
    return {each for each in before if each[1] not in heard}

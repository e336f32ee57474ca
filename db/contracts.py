"""Contract addresses of assets, as their sources list them."""

from collections.abc import Collection

from sqlalchemy import delete, select

from db.aio import AsyncConnection
from db.bulk import BulkInsert, among
from db.clock import now
from db.enums import RunStatus
from db.tables import asset_contracts, assets, runs, sources

SECONDS_A_DAY = 86_400
# External id, platform and address, the latter two in the form in which equal ones are equal.
Listed = tuple[str, str, str]
_ADD = BulkInsert(asset_contracts, ("source", "external_id", "platform", "address"), "ON CONFLICT DO NOTHING")

_NOTE = BulkInsert(
    sources, ("source", "contracts_at"), "ON CONFLICT (source) DO UPDATE SET contracts_at = excluded.contracts_at"
)


async def every(connection: AsyncConnection, source: str) -> set[Listed]:
    """All contracts of a source."""
    table = asset_contracts.c
    found = select(table.external_id, table.platform, table.address).where(table.source == source)
    return {(row[0], row[1], row[2]) for row in await connection.execute(found)}


async def replace(
    connection: AsyncConnection, source: str, external_ids: Collection[str], new: Collection[Listed]
) -> None:
    """Let these be the only contracts of these assets."""
    of_them = among(connection, asset_contracts.c.external_id, external_ids)
    await connection.execute(delete(asset_contracts).where(asset_contracts.c.source == source, of_them))
    await _ADD.run(connection, [(source, *each) for each in sorted(new)])


async def assets_of(connection: AsyncConnection, source: str, external_ids: Collection[str]) -> set[int]:
    """Those of the assets that are stored."""
    wanted = among(connection, assets.c.external_id, external_ids)
    rows = await connection.execute(select(assets.c.id).where(assets.c.source == source, wanted))
    return {row.id for row in rows}


async def are_due(connection: AsyncConnection, source: str, days: int) -> bool:
    """Whether the source has been ingested before, and its list was last read so many days ago, or never."""
    recent = select(sources.c.source).where(
        sources.c.source == source, sources.c.contracts_at > now(-days * SECONDS_A_DAY)
    )
    ingested = select(runs.c.id).where(runs.c.source == source, runs.c.status == RunStatus.SUCCESS)
    return bool((await connection.execute(select(ingested.exists() & ~recent.exists()))).scalar())


async def note_asked(connection: AsyncConnection, source: str, days_ago: int = 0) -> None:
    """Remember that the source's list was read now, or let it count as read so many days ago."""
    moment = (await connection.execute(select(now(-days_ago * SECONDS_A_DAY)))).scalar_one()
    await _NOTE.run(connection, [(source, moment)])

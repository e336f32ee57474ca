"""Windows: one pass over a source, frozen page by page before any of its records is loaded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, insert, or_, select, update

from db.aio import AsyncConnection
from db.clock import now
from db.enums import RunMode, WindowState
from db.id_list import Ids
from db.tables import window_pages, windows

SUPERSEDED_AFTER_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Window:
    """A pass over a source. `planned` is its number of records once all pages are staged.

    `replay_ids` are the quarantined records that a replay is of; None for all of them.
    """

    id: int
    source: str
    mode: RunMode
    state: WindowState
    opened_at: datetime
    staged_at: datetime | None
    closed_at: datetime | None
    planned: int | None
    replay_ids: Ids | None

    @classmethod
    def from_row(cls, row: Any) -> "Window":
        values = dict(row._mapping)
        values["mode"] = RunMode(values["mode"])
        values["state"] = WindowState(values["state"])
        return cls(**values)


class NewPage(NamedTuple):
    """A page to be frozen. `last_key` is None where pages are not in the order of keys."""

    body: bytes
    records: int
    last_key: str | None
    origin: str
    fetched_at: datetime


async def resume_or_open(
    connection: AsyncConnection, source: str, mode: RunMode, replay_ids: Ids | None = None
) -> tuple[Window, bool]:
    """The window a run works on, and whether it is new.

    An open window is resumed unless it is older than 24 h, or the run wants everything from the start (or certain
    quarantined records) and the window was opened by one that did not.
    """
    fresh = windows.c.opened_at >= now(-SUPERSEDED_AFTER_SECONDS)
    same = and_(windows.c.mode == mode, windows.c.replay_ids.is_not_distinct_from(replay_ids))
    wanted = same if mode is not RunMode.INCREMENTAL else windows.c.id.is_not(None)
    found = select(windows).where(windows.c.source == source, windows.c.state == WindowState.OPEN, fresh, wanted)
    row = (await connection.execute(found)).first()
    if row is not None:
        return Window.from_row(row), False
    return await open_anew(connection, source, mode, replay_ids), True


async def open_anew(connection: AsyncConnection, source: str, mode: RunMode, replay_ids: Ids | None = None) -> Window:
    """Open a window, giving up the one that may be open."""
    await supersede(connection, source)
    opened = await connection.execute(
        insert(windows)
        .values(source=source, mode=mode, state=WindowState.OPEN, opened_at=now(), replay_ids=replay_ids)
        .returning(windows)
    )
    return Window.from_row(opened.one())


async def get(connection: AsyncConnection, window_id: int) -> Window:
    return Window.from_row((await connection.execute(select(windows).where(windows.c.id == window_id))).one())


async def supersede(connection: AsyncConnection, source: str) -> None:
    """Give up the open window of a source; what it committed stays, the next run reads the source anew."""
    given_up = await connection.execute(
        update(windows)
        .where(windows.c.source == source, windows.c.state == WindowState.OPEN)
        .values(state=WindowState.SUPERSEDED, closed_at=now())
        .returning(windows.c.id)
    )
    for window_id in given_up.scalars().all():
        await clear_pages(connection, window_id)


async def close(connection: AsyncConnection, window_id: int) -> None:
    """Mark a window as finished and drop its staged pages."""
    await connection.execute(
        update(windows).where(windows.c.id == window_id).values(state=WindowState.CLOSED, closed_at=now())
    )
    await clear_pages(connection, window_id)


async def add_pages(connection: AsyncConnection, window_id: int, first: int, pages: Iterable[NewPage]) -> None:
    """Freeze pages, numbered from `first` on."""
    rows = [{"window_id": window_id, "number": number, **page._asdict()} for number, page in enumerate(pages, first)]
    await connection.execute(insert(window_pages), rows)


async def clear_pages(connection: AsyncConnection, window_id: int) -> None:
    await connection.execute(delete(window_pages).where(window_pages.c.window_id == window_id))


async def staged(connection: AsyncConnection, window_id: int) -> list[int]:
    """How many records each staged page of a window holds, in order."""
    found = select(window_pages.c.records).where(window_pages.c.window_id == window_id)
    return list((await connection.execute(found.order_by(window_pages.c.number))).scalars())


async def plan(connection: AsyncConnection, window_id: int, planned: int, read_at: datetime) -> None:
    """Declare staging complete: the window holds exactly `planned` records, none of them from later than `read_at`."""
    staged = update(windows).where(windows.c.id == window_id)
    await connection.execute(staged.values(planned=planned, staged_at=read_at))


async def last_planned(connection: AsyncConnection, source: str) -> int | None:
    """How many records the source's last finished window held."""
    closed = select(windows.c.planned).where(
        windows.c.source == source, windows.c.state == WindowState.CLOSED, windows.c.mode != RunMode.REPLAY
    )
    planned: int | None = (await connection.execute(closed.order_by(windows.c.id.desc()).limit(1))).scalar()
    return planned


async def page_numbers(connection: AsyncConnection, window_id: int, behind: str | None) -> Sequence[int]:
    """The pages that may hold records behind a key, in order."""
    found = select(window_pages.c.number).where(window_pages.c.window_id == window_id)
    if behind is not None:
        found = found.where(or_(window_pages.c.last_key.is_(None), window_pages.c.last_key > behind))
    return (await connection.execute(found.order_by(window_pages.c.number))).scalars().all()


async def page(connection: AsyncConnection, window_id: int, number: int) -> Any:
    """One staged page: a row with body, records, last_key, origin and fetched_at."""
    found = select(window_pages).where(window_pages.c.window_id == window_id, window_pages.c.number == number)
    return (await connection.execute(found)).one()

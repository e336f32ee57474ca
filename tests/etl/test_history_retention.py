"""History is thinned out and forgotten by age, and what is still answered is answered as before."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import asset_views, catalog, history_retention, price_points, tables
from db.catalog import Listing
from db.engine import Database
from db.errors import HistoryForgotten
from db.history_retention import Keeping
from db.keyset import Slice
from db.price_points import Interval, Span
from tests.etl.conftest import Query
from tests.etl.test_linking import fresh
from tests.graphql_schema.rows import asset, write, write_assets

MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
START = MIDNIGHT - timedelta(days=4)
SOURCE = "coingecko"


async def fill(database: Database, hours: Sequence[tuple[int, float, float]]) -> None:
    """A point for each asset, time and time of recording, in hours from START; the price counts them."""
    await write_assets(database, asset(1), asset(2))
    points = [
        {"asset_id": asset_id, "at": START + timedelta(hours=at), "recorded_at": START + timedelta(hours=recorded),
         "price_usd": float(price), "record_id": "r", "run_id": 1}
        for price, (asset_id, at, recorded) in enumerate(hours)
    ]  # fmt: skip
    await write(database, tables.asset_history, points)
    async with database.write() as connection:
        await connection.execute(tables.sources.delete())
        await connection.execute(tables.sources.insert().values(source=SOURCE, asset_count=2))


async def prices(database: Database, interval: Interval = "all") -> dict[int, list[Any]]:
    async with database.read() as connection:
        pages = await price_points.pages(connection, (1, 2), Span(interval=interval), Slice(1000))
    return {asset_id: [row.price_usd for row in page.rows] for asset_id, page in pages.items()}


async def believed(database: Database, moment: datetime) -> list[tuple[int, float]]:
    async with database.read() as connection:
        page = await catalog.page(connection, Listing(as_of=moment), Slice(10))
    return [(row.id, row.price_usd) for row in page.rows]


EVERY_20_MINUTES = [(1, n / 3, n / 3) for n in range(12)]


async def test_old_hours_keep_their_last_point_and_new_ones_all(database: Database) -> None:
    recent = [(1, 96 + n / 3, 96 + n / 3) for n in range(3)]
    await fill(database, [*EVERY_20_MINUTES, *recent])
    gone = await history_retention.prune(database, SOURCE, Keeping(hourly_after=2))
    assert gone == 8
    assert (await prices(database))[1] == [2.0, 5.0, 8.0, 11.0, 12.0, 13.0, 14.0]
    assert await history_retention.prune(database, SOURCE, Keeping(hourly_after=2)) == 0


async def test_of_an_hour_both_the_latest_figure_and_the_last_recorded_stay(database: Database) -> None:
    await fill(database, [(1, 0.5, 0.1), (1, 0.9, 0.2), (1, 0.4, 0.7), (1, 0.3, 0.8)])
    assert await history_retention.prune(database, SOURCE, Keeping(hourly_after=2)) == 2
    assert (await prices(database))[1] == [3.0, 1.0]


async def test_older_days_keep_their_last_point(database: Database) -> None:
    await fill(database, [*EVERY_20_MINUTES, *((1, 48 + n / 3, 48 + n / 3) for n in range(6))])
    await history_retention.prune(database, SOURCE, Keeping(hourly_after=1, daily_after=3))
    assert (await prices(database))[1] == [11.0, 14.0, 17.0]


async def test_what_is_forgotten_cannot_be_asked_for_and_what_still_holds_is_kept(database: Database) -> None:
    await fill(database, [(1, 0, 0), (1, 1, 1), (1, 60, 60), (2, 0.5, 0.5)])
    async with database.read() as connection:
        await asset_views.check(connection, START)
    assert await history_retention.prune(database, SOURCE, Keeping(forget_after=2)) == 1
    assert await prices(database) == {1: [1.0, 2.0], 2: [3.0]}
    boundary = MIDNIGHT - timedelta(days=2)
    assert await believed(database, boundary) == [(1, 1.0), (2, 3.0)]
    with pytest.raises(HistoryForgotten, match=f"history is kept since {boundary:%Y-%m-%dT%H:%M:%SZ}"):
        await believed(database, boundary - timedelta(seconds=1))


async def test_nothing_forgotten_leaves_every_moment_open(database: Database) -> None:
    await fill(database, [(1, 72, 72)])
    assert await history_retention.prune(database, SOURCE, Keeping(forget_after=2)) == 0
    assert await believed(database, START) == []


async def test_boundaries_never_move_back(database: Database, query: Query) -> None:
    await fill(database, [*EVERY_20_MINUTES, (1, 60, 60)])
    marks = "SELECT history_since, history_hourly_until, history_daily_until FROM etl_sources"
    await history_retention.prune(database, SOURCE, Keeping(1, 1, 1))
    before = await query(marks)
    await history_retention.prune(database, SOURCE, Keeping(3, 3, 3))
    assert await query(marks) == before
    assert None not in before[0]


async def test_without_settings_nothing_goes(database: Database) -> None:
    await fill(database, EVERY_20_MINUTES)
    assert await history_retention.prune(database, SOURCE, Keeping()) == 0


async def test_points_go_in_small_transactions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_retention, "CHUNK", 2)
    monkeypatch.setattr(history_retention, "FOUND_AT_ONCE", 3)
    monkeypatch.setattr(history_retention, "ASSETS_AT_ONCE", 1)
    await fill(database, [(asset_id, n / 9, n / 9) for n in range(9) for asset_id in (1, 2)])
    commits: list[None] = []
    database.after_write.add(lambda: commits.append(None))
    assert await history_retention.prune(database, SOURCE, Keeping(hourly_after=2)) == 16
    assert len(commits) >= 8
    assert await prices(database) == {1: [16.0], 2: [17.0]}


times = st.floats(0, 47.9).map(lambda hours: round(hours, 1))
recorded_points = st.lists(st.tuples(st.sampled_from([1, 2]), times, times), min_size=1, max_size=25)


@settings(max_examples=15)
@given(found=recorded_points, size=st.sampled_from(["hour", "day"]))
async def test_thinning_changes_no_coarser_answer(
    sqlite_template: Path, found: list[tuple[int, float, float]], size: Any
) -> None:
    async with fresh(sqlite_template) as database:
        await fill(database, sorted(found, key=lambda point: point[2]))
        step = 1 if size == "hour" else 24
        moments = [START + timedelta(hours=n, microseconds=-1) for n in range(step, 49, step)]
        before = [await prices(database, size), await prices(database, "week")]
        believed_before = [await believed(database, moment) for moment in moments]
        await history_retention.prune(database, SOURCE, Keeping(hourly_after=1) if size == "hour" else Keeping(None, 1))
        assert [await prices(database, size), await prices(database, "week")] == before
        assert [await believed(database, moment) for moment in moments] == believed_before

"""What upstreams say wrong: rows twice, moved, gone, old, retyped, and values that break parsers or databases."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text

from db.enums import RunStatus
from tests.faults.world import COINS, OVER_HTTP, PER_PAGE, World, digest
from tests.upstream import Fault, Match

PAGES = [Match("/coins/markets", page) for page in (1, 2, 3)]
ONE_PAGE = {"coingecko": PAGES[2], "coinpaprika": Match("/tickers")}
PRICE = {"coingecko": "current_price", "coinpaprika": "quotes.USD.price"}
RANK = {"coingecko": "market_cap_rank", "coinpaprika": "rank"}
DEEP = "[" * 5000 + "]" * 5000


@dataclass(frozen=True, slots=True)
class Odd:
    """One odd record: `field` holds the JSON text `literal`. `reason`: why it is quarantined, if it is."""

    field: str
    literal: str
    reason: str | None


ODD = [
    Odd("{price}", "NaN", "not_json"),
    Odd("{price}", "-Infinity", "not_json"),
    Odd("{price}", "1e999", "wrong_type"),
    Odd("{price}", "9" * 5000, "wrong_type"),
    Odd("{price}", "1e308", None),
    Odd("{price}", "5e-324", None),
    Odd("{price}", "-1", "negative"),
    Odd("{price}", '"67.8"', "wrong_type"),
    Odd("{price}", "true", "wrong_type"),
    Odd("{price}", "null", None),
    Odd("{price}", DEEP, "too_deep"),
    Odd("{rank}", "9" * 30, "out_of_range"),
    Odd("{rank}", "9" * 12, "out_of_range"),
    Odd("{rank}", "1.5", "wrong_type"),
    Odd("id", "null", "wrong_type"),
    Odd("id", "7", "wrong_type"),
    Odd("id", '""', "missing_id"),
    Odd("id", '"' + "x" * 10_000 + '"', "too_long"),
    Odd("name", '{"en":"Bitcoin"}', "wrong_type"),
    Odd("name", '"nul \x00 byte"', "not_json"),
    Odd("name", '"nul \\u0000 escape"', "bad_text"),
    Odd("name", '"half \\ud800 a character"', "not_json"),
    Odd("name", '"\\u202e backwards \U0001f680"', None),
    Odd("last_updated", '"soon"', "wrong_type"),
    Odd("last_updated", "1700000000", "wrong_type"),
    Odd("last_updated", '"2100-01-01T00:00:00Z"', "future"),
    Odd("last_updated", "null", None),
    Odd("extra", DEEP, "too_deep"),
    Odd("extra", '{"a":[1,{"b":null}]}', None),
]


@pytest.mark.parametrize(
    ("name", "database_url"),
    [("coingecko", "sqlite"), ("coingecko", "postgresql"), ("coinpaprika", "sqlite")],
    indirect=["database_url"],
)
async def test_an_odd_record_is_taken_as_it_is_or_quarantined_alone(world: World, name: str) -> None:
    for odd in ODD:
        field = odd.field.format(price=PRICE[name], rank=RANK[name])
        wrong = {"field": field, "literal": odd.literal, "row": 1}
        world.market.set_faults([Fault("set_field", wrong, ONE_PAGE[name])])
        run = await world.run(name)
        case = (field, odd.literal[:40])
        assert (*case, run.status, run.error) == (*case, RunStatus.SUCCESS, None)
        assert (*case, await reasons(world, run.id)) == (*case, [odd.reason] * (odd.reason is not None))
        await world.heals(name)
    await world.holds()


async def test_bytes_that_are_no_text_are_quarantined(world: World) -> None:
    world.market.set_faults([Fault("poison", {"what": "utf8"}, PAGES[0])])
    run = await world.run("coingecko")
    assert (run.status, await reasons(world, run.id)) == (RunStatus.SUCCESS, ["not_json"])
    await world.recovered("coingecko")


async def reasons(world: World, run_id: int) -> list[str]:
    async with world.database.read() as connection:
        found = text("SELECT reason FROM etl_quarantine WHERE run_id = :run")
        return list((await connection.execute(found, {"run": run_id})).scalars())


SPOILED = {
    "id-missing": ("drop_field", {"field": "id"}),
    "price-retyped": ("retype", {"field": "{price}"}),
    "name-retyped": ("retype", {"field": "name"}),
    "all-nan": ("poison", {"what": "nan", "row": None}),
    "all-1e999": ("poison", {"what": "1e999", "row": None}),
    "all-deep": ("poison", {"what": "deep", "row": None}),
    "all-nul": ("poison", {"what": "u0000", "row": None}),
    "all-tomorrow": ("future", {"row": None}),
}
"""What a whole page can be like."""


@pytest.mark.parametrize(("kind", "parameters"), SPOILED.values(), ids=SPOILED)
@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_page_of_bad_records_is_refused_before_any_of_it_counts(
    world: World, name: str, kind: str, parameters: dict[str, Any]
) -> None:
    if name == "coinpaprika":
        await world.run(name)  # where there is something to lose; CoinGecko's list meets an empty database
    before = await digest(world.database)
    named = {key: value.format(price=PRICE[name]) if key == "field" else value for key, value in parameters.items()}
    world.market.set_faults([Fault(kind, named, ONE_PAGE[name])])
    run = await world.run(name)
    assert run.status is RunStatus.FAILED
    assert "records of page" in str(run.error)
    assert await digest(world.database) == before
    await world.recovered(name)


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("field", ["{price}", "last_updated", "{rank}"])
async def test_a_field_that_vanishes_is_noticed_and_comes_back(world: World, name: str, field: str) -> None:
    await world.run(name)
    gone = field.format(price=PRICE[name], rank=RANK[name])
    world.market.set_faults([Fault("drop_field", {"field": gone})])
    run = await world.run(name)
    assert run.status is RunStatus.SUCCESS, run.error
    assert await world.count("etl_drift_events", f"kind = 'vanished' AND path LIKE '%{gone}'") == 1
    await world.recovered(name)


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_rows_that_come_twice_count_once(world: World, name: str) -> None:
    world.market.set_faults([Fault("duplicate", {"rows": 5})])
    run = await world.run(name)
    assert run.status is RunStatus.SUCCESS, run.error
    assert await digest(world.database) == await world.unharmed(name)
    await world.recovered(name)


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("seed", range(2))
async def test_lists_in_another_order_at_every_request_settle(world: World, name: str, seed: int) -> None:
    world.market.set_faults([Fault("shuffle", {"seed": seed})])
    run = await world.run(name, fail_after=5)
    assert (run.status, run.records_processed) == (RunStatus.FAILED, 5)
    await world.run(name)
    await world.holds()
    await world.recovered(name)


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("records", [1, 10])
async def test_the_coin_of_the_checkpoint_vanishes(world: World, name: str, records: int) -> None:
    failed = await world.run(name, fail_after=records)
    async with world.database.read() as connection:
        last = (await connection.execute(text("SELECT last_record_id FROM etl_checkpoints"))).scalar_one()
    world.market.set_faults([Fault("vanish", {"ids": [last]})])
    rest = await world.run(name)
    assert (rest.status, rest.resumed_after) == (RunStatus.SUCCESS, last)
    assert failed.records_processed + rest.records_processed == rest.total
    assert await digest(world.database) == await world.unharmed(name)
    assert (await world.run(name)).records_processed == (rest.total or 0) - 1
    await world.recovered(name)


async def test_a_coin_that_vanishes_between_two_pages_hides_another_for_one_window_only(world: World) -> None:
    world.market.set_faults([Fault("status", {"status": 404}, PAGES[1])])
    await world.run("coingecko")
    first = await first_id(world)
    world.market.set_faults([Fault("vanish", {"ids": [first]})])
    assert (await world.run("coingecko")).records_processed == COINS - 1
    await world.recovered("coingecko")


async def first_id(world: World) -> str:
    answer = await world.client.get(f"{world.url}/api/v3/coins/markets?vs_currency=usd&per_page={PER_PAGE}")
    return str(answer.json()[0]["id"])


@pytest.mark.parametrize("place", [*PAGES, Match()], ids=["page-1", "page-2", "last-page", "all"])
async def test_a_stale_answer_changes_nothing_that_is_newer(world: World, place: Match) -> None:
    world.market.tick = 20
    await world.run("coingecko")
    newest = await digest(world.database)
    world.market.set_faults([Fault("stale", {"ticks": 10}, place)])
    run = await world.run("coingecko")
    assert run.status is RunStatus.SUCCESS
    assert run.stale > 0
    assert await digest(world.database) == newest
    await world.recovered("coingecko")


async def test_a_stale_answer_on_coinpaprika_changes_nothing_either(world: World) -> None:
    world.market.tick = 20
    await world.run("coinpaprika")
    newest = await digest(world.database)
    world.market.set_faults([Fault("stale", {"ticks": 10})])
    assert (await world.run("coinpaprika")).stale > 0
    assert await digest(world.database) == newest
    await world.recovered("coinpaprika")


async def test_stale_first_pages_of_a_failed_window_are_overtaken_by_the_next(world: World) -> None:
    world.market.tick = 20
    world.market.set_faults(
        [Fault("stale", {"ticks": 10}, PAGES[0]), Fault("status", {"status": 404}, PAGES[1], count=1)]
    )
    assert (await world.run("coingecko")).status is RunStatus.FAILED
    await world.recovered("coingecko", clean_runs=2)


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_a_sudden_empty_list_is_a_failure(world: World, name: str) -> None:
    await world.run(name)
    before = await digest(world.database)
    world.market.set_faults([Fault("empty")])
    run = await world.run(name)
    assert run.status is RunStatus.FAILED
    assert "empty list" in str(run.error)
    assert await digest(world.database) == before
    await world.recovered(name)


async def test_a_list_that_ends_early_is_a_failure(world: World) -> None:
    await world.run("coingecko")
    world.market.set_faults([Fault("empty", match=PAGES[1])])
    run = await world.run("coingecko")
    assert run.status is RunStatus.FAILED
    assert f"only {PER_PAGE} records where there were {COINS}" in str(run.error)
    await world.recovered("coingecko")


async def test_several_pages_odd_in_several_ways_at_once(world: World) -> None:
    faults = [
        Fault("duplicate", match=PAGES[0]),
        Fault("poison", {"what": "nan"}, PAGES[0]),
        Fault("stale", match=PAGES[1]),
        Fault("cut", match=PAGES[1], count=1),
        Fault("poison", {"what": "u0000"}, PAGES[1]),
        Fault("drop_field", {"field": "market_cap", "row": 2}, PAGES[2]),
        Fault("status", {"status": 503}, PAGES[2], count=2),
    ]
    for first in range(len(faults)):
        world.market.set_faults(faults[first:])
        run = await world.run("coingecko")
        assert run.status is RunStatus.SUCCESS, run.error
    await world.holds()
    world.market.set_faults([replace(fault, count=None) for fault in faults])
    assert (await world.run("coingecko")).status is RunStatus.FAILED
    await world.recovered("coingecko")

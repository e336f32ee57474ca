"""How often something may be done."""

import httpx
import pytest

from app.allowance import Allowance
from db.engine import Database
from tests.app.serving import only_sqlite, served

TRIGGER = 'mutation { triggerEtl(source: "csv") { started { id } alreadyActive { id } errors { code message } } }'
REPLAY = 'mutation { replayQuarantine(source: "csv") { errors { code } } }'


@pytest.fixture
def moments() -> list[float]:
    return [100.0]


def test_all_at_once_and_then_one_after_the_other(moments: list[float]) -> None:
    allowance = Allowance(30, lambda: moments[-1])
    assert [allowance.take() for _ in range(30)] == [0.0] * 30
    assert allowance.take() == pytest.approx(2.0)
    moments.append(101.0)
    assert allowance.take() == pytest.approx(1.0)
    moments.append(102.0)
    assert allowance.take() == 0.0
    assert allowance.take() > 0


def test_a_long_rest_saves_up_no_more_than_a_minute(moments: list[float]) -> None:
    allowance = Allowance(3, lambda: moments[-1])
    moments.append(100_000.0)
    assert [allowance.take() for _ in range(3)] == [0.0] * 3
    assert allowance.take() == pytest.approx(20.0)


def test_a_clock_set_back_takes_nothing_away(moments: list[float]) -> None:
    allowance = Allowance(2, lambda: moments[-1])
    moments.append(0.0)
    assert [allowance.take(), allowance.take()] == [0.0, 0.0]
    moments.append(30.0)
    assert allowance.take() == 0.0


async def ask(client: httpx.AsyncClient, query: str) -> dict[str, list[dict[str, str]]]:
    data: dict[str, dict[str, list[dict[str, str]]]] = (await client.post("/graphql", json={"query": query})).json()[
        "data"
    ]
    [payload] = data.values()
    return payload


@only_sqlite
async def test_triggers_are_limited_and_say_when_to_come_back(database: Database) -> None:
    async with served(database, triggers_per_minute=2) as client:
        assert len((await ask(client, TRIGGER))["started"]) == 1
        assert [error["code"] for error in (await ask(client, REPLAY))["errors"]] == []
        refused = await ask(client, TRIGGER)
        assert refused["started"] == refused["alreadyActive"] == []
        [error] = refused["errors"]
        assert error["code"] == "RATE_LIMITED"
        assert "at most 2 a minute; try again in 3" in error["message"]
        assert [error["code"] for error in (await ask(client, REPLAY))["errors"]] == ["RATE_LIMITED"]


@only_sqlite
async def test_what_is_refused_anyway_costs_nothing(database: Database) -> None:
    async with served(database, triggers_per_minute=1) as client:
        for _ in range(3):
            answer = await ask(client, TRIGGER.replace("csv", "nothing"))
            assert [error["code"] for error in answer["errors"]] == ["UNKNOWN_SOURCE"]
        assert len((await ask(client, TRIGGER))["started"]) == 1

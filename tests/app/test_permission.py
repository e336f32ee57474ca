"""Who may change things."""

from typing import Any

import httpx
import pytest

from db.engine import Database
from tests.app.serving import only_sqlite, served

pytestmark = only_sqlite
TOKEN = "correct-horse"
TRIGGER = {"query": 'mutation { triggerEtl(source: "csv") { started { source } } }'}


async def allowed(client: httpx.AsyncClient, headers: Any = ()) -> bool:
    """Whether a mutation was carried out."""
    body = (await client.post("/graphql", json=TRIGGER, headers=headers)).json()
    if "errors" in body:
        assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAUTHENTICATED"]
        return False
    assert body["data"] == {"triggerEtl": {"started": [{"source": "csv"}]}}
    return True


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
async def test_the_token_opens(database: Database, scheme: str) -> None:
    async with served(database, api_token=TOKEN, asked_as="api.example", client=("203.0.113.9", 1)) as client:
        assert await allowed(client, {b"Authorization": f"{scheme} {TOKEN}".encode()})


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}"],
)
async def test_nothing_else_does(database: Database, given: str) -> None:
    async with served(database, api_token=TOKEN) as client:
        assert not await allowed(client, {b"Authorization": given.encode()})


async def test_with_a_token_set_nobody_is_let_in_for_being_here(database: Database) -> None:
    async with served(database, api_token=TOKEN) as client:
        assert not await allowed(client)


async def test_two_authorizations_are_none(database: Database) -> None:
    async with served(database, api_token="secret") as client:
        assert not await allowed(client, [("Authorization", "Bearer secret"), ("Authorization", "Bearer x")])


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "localhost"])
async def test_without_a_token_programs_of_this_machine_may(database: Database, host: str) -> None:
    async with served(database, asked_as=host) as client:
        assert await allowed(client)


async def test_an_empty_token_is_none(database: Database) -> None:
    async with served(database, api_token="", client=("203.0.113.9", 1)) as client:
        assert not await allowed(client, {"Authorization": "Bearer "})


@pytest.mark.parametrize("address", ["203.0.113.9", "10.0.0.1", "::ffff:203.0.113.9", "testclient", ""])
async def test_no_other_machine_may(database: Database, address: str) -> None:
    async with served(database, client=(address, 1)) as client:
        assert not await allowed(client)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_has_several_addresses(database: Database, address: str) -> None:
    async with served(database, client=(address, 1)) as client:
        assert await allowed(client)


@pytest.mark.parametrize("host", ["rebound.example", "127.0.0.1.example:8000", "localhost.example", "kasparro"])
async def test_a_page_that_lets_its_name_point_here_may_not(database: Database, host: str) -> None:
    async with served(database, asked_as=host) as client:
        assert not await allowed(client)


@pytest.mark.parametrize("host", ["", "[", "[::1", "127.0.0.1@evil.example", "evil.example#127.0.0.1"])
async def test_nor_does_a_host_that_is_none(database: Database, host: str) -> None:
    async with served(database) as client:
        assert not await allowed(client, {"Host": host})


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("http://localhost:3000", True),
        ("http://127.0.0.1:8000", True),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
async def test_pages_may_if_they_are_of_this_machine(database: Database, origin: str, may: bool) -> None:
    async with served(database, cors_origins=("*",)) as client:
        assert await allowed(client, {"Origin": origin}) is may


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"])
async def test_what_comes_through_a_proxy_may_not(database: Database, name: str) -> None:
    async with served(database) as client:
        assert not await allowed(client, {name: "127.0.0.1"})


@pytest.mark.parametrize("bound", ["0.0.0.0", "::", "192.168.0.7", "kasparro.example"])
async def test_a_server_that_others_can_reach_needs_a_token(database: Database, bound: str) -> None:
    async with served(database, host=bound) as client:
        assert not await allowed(client)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, {"name": "anyone", "mayChange": False}),
        ({"Authorization": f"Bearer {TOKEN}"}, {"name": "api token", "mayChange": True}),
    ],
)
async def test_the_graph_tells_callers_what_they_may(database: Database, headers: Any, expected: Any) -> None:
    async with served(database, api_token=TOKEN) as client:
        answer = await client.post("/graphql", json={"query": "{ viewer { name mayChange } }"}, headers=headers)
    assert answer.json()["data"]["viewer"] == expected

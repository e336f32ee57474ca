"""/: the playground for people, the list of routes for programs."""

import httpx

from db.engine import Database
from tests.app.serving import only_sqlite, served, statuses

pytestmark = only_sqlite
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_browsers_are_led_to_the_playground(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")
    assert answer.headers["vary"] == "Accept"


async def test_programs_get_the_routes_and_all_of_them_exist(client: httpx.AsyncClient) -> None:
    routes = (await client.get("/")).json()["routes"]
    assert set(await statuses(client, routes.keys() - {"/graphql"})) == {200}


async def test_without_introspection_there_is_no_playground(database: Database) -> None:
    async with served(database, graphql_introspection=False) as client:
        assert (await client.get("/", headers=BROWSER)).status_code == 200
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 400

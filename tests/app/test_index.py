"""/: for programs, the list of routes. Browsers get a page, see test_pages."""

import httpx

from tests.app.serving import only_sqlite, statuses

pytestmark = only_sqlite


async def test_programs_get_the_routes_and_all_of_them_exist(client: httpx.AsyncClient) -> None:
    routes = (await client.get("/")).json()["routes"]
    assert set(await statuses(client, routes.keys() - {"/graphql"})) == {200}

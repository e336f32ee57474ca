"""Ways in that must stay shut: what counts is whether a run was recorded or something was read."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from db.engine import Database
from db.tables import runs
from tests.app.live import dialled, live, talking
from tests.app.serving import only_sqlite, served

pytestmark = only_sqlite
TOKEN, READ_TOKEN = "correct-horse", "battery-staple"
MUTATION = 'mutation { triggerEtl(source: "csv") { started { id } errors { code } } }'
QUERY = "{ assets { totalCount } }"
ELSEWHERE = ("203.0.113.9", 4711)


async def recorded(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(runs))).scalar_one())


TOKENS: Mapping[str, Any] = {
    "none": {},
    "an empty one": {"Authorization": "Bearer "},
    "the scheme alone": {"Authorization": "Bearer"},
    "the token alone": {"Authorization": TOKEN},
    "another scheme": {"Authorization": f"Token {TOKEN}"},
    "basic": {"Authorization": "Basic Y29ycmVjdC1ob3JzZQ=="},
    "the beginning": {"Authorization": f"Bearer {TOKEN[:-1]}"},
    "more than all": {"Authorization": f"Bearer {TOKEN}s"},
    "in capitals": {"Authorization": f"Bearer {TOKEN.upper()}"},
    "twice in one": {"Authorization": f"Bearer {TOKEN}, Bearer {TOKEN}"},
    "twice": [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")],
    "in quotes": {"Authorization": f'Bearer "{TOKEN}"'},
    "the read token": {"Authorization": f"Bearer {READ_TOKEN}"},
    "not ASCII": {"Authorization": "Bearer correct\u2010horse".encode()},
    "not UTF-8": {b"Authorization": b"Bearer \xff\xfe"},
    "very long": {"Authorization": "Bearer " + "x" * 8000},
    "in a header of proxies": {"X-Forwarded-Authorization": f"Bearer {TOKEN}", "X-Api-Key": TOKEN},
    "in a cookie": {"Cookie": f"Authorization=Bearer {TOKEN}; token={TOKEN}"},
}


@pytest.mark.parametrize("name", TOKENS)
async def test_only_the_token_opens(database: Database, name: str) -> None:
    async with served(database, api_token=TOKEN, api_read_token=READ_TOKEN) as client:
        answer = await client.post("/graphql", json={"query": MUTATION}, headers=TOKENS[name])
        assert "UNAUTHENTICATED" in answer.text
        assert TOKEN not in answer.text
        for path in ("/data", "/stats", "/metrics", "/graphql?query={__typename}"):
            refused = await client.get(path, headers={} if name == "the read token" else TOKENS[name])
            assert refused.status_code == 401, path
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert await recorded(database) == 0


@pytest.mark.parametrize("path", ["/graphql?token=", "/graphql?access_token=", "/graphql?authorization=Bearer "])
async def test_a_token_in_the_address_opens_nothing(database: Database, path: str) -> None:
    async with served(database, api_token=TOKEN) as client:
        assert "UNAUTHENTICATED" in (await client.post(path + TOKEN, json={"query": MUTATION})).text
    assert await recorded(database) == 0


OF_ELSEWHERE: Mapping[str, Any] = {
    "from another machine": {"client": ELSEWHERE},
    "under a name that points here": {"asked_as": "evil.example:8000"},
    "under a name that begins like ours": {"asked_as": "localhost.evil.example"},
    "under a name that ends like ours": {"asked_as": "evil.example.127.0.0.1.nip.io"},
    "under an address of the network": {"asked_as": "192.168.1.7:8000"},
    "by a page of another site": {"headers": {"Origin": "https://evil.example"}},
    "by a page without a site": {"headers": {"Origin": "null"}},
    "by a page that browsers call another site's": {"headers": {"Sec-Fetch-Site": "cross-site"}},
    "by a page of a neighbour": {"headers": {"Sec-Fetch-Site": "same-site"}},
    "through a proxy": {"headers": {"X-Forwarded-For": "203.0.113.9"}},
    "through a proxy that says so": {"headers": {"Forwarded": "for=203.0.113.9"}},
    "through a proxy that says that it is here": {"headers": {"X-Forwarded-For": "127.0.0.1", "Via": "1.1 x"}},
    "with a host of its own for proxies": {"headers": {"X-Forwarded-Host": "127.0.0.1"}},
}


@pytest.mark.parametrize("name", OF_ELSEWHERE)
async def test_without_a_token_only_programs_of_this_machine_get_in(database: Database, name: str) -> None:
    how = dict(OF_ELSEWHERE[name])
    headers = how.pop("headers", {})
    async with served(database, **how) as client:
        answer = await client.post("/graphql", json={"query": MUTATION}, headers=headers)
        assert {"UNAUTHENTICATED", "ORIGIN_REFUSED"} & {e["extensions"]["code"] for e in answer.json()["errors"]}
    assert await recorded(database) == 0


BODIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "GET": ("GET", {"params": {"query": MUTATION}}),
    "HEAD": ("HEAD", {"params": {"query": MUTATION}}),
    "GET that would be POST": ("GET", {"params": {"query": MUTATION}, "headers": {"X-HTTP-Method-Override": "POST"}}),
    "PUT": ("PUT", {"json": {"query": MUTATION}}),
    "PATCH": ("PATCH", {"json": {"query": MUTATION}}),
    "DELETE": ("DELETE", {"params": {"query": MUTATION}}),
    "a form": ("POST", {"data": {"query": MUTATION}}),
    "a form with files": ("POST", {"files": {"query": (None, MUTATION), "map": (None, "{}")}}),
    "plain text": ("POST", {"content": json.dumps({"query": MUTATION}), "headers": {"Content-Type": "text/plain"}}),
    "no type at all": ("POST", {"content": json.dumps({"query": MUTATION})}),
    "a document alone": ("POST", {"content": MUTATION, "headers": {"Content-Type": "application/graphql"}}),
    "a type that only begins like JSON": (
        "POST",
        {"content": json.dumps({"query": MUTATION}), "headers": {"Content-Type": "application/json-x"}},
    ),
    "a batch": ("POST", {"json": [{"query": MUTATION}]}),
    "in the address of a POST": ("POST", {"params": {"query": MUTATION}, "json": {}}),
}


@pytest.mark.parametrize("name", BODIES)
async def test_mutations_come_as_json_by_post_only(database: Database, name: str) -> None:
    method, request = BODIES[name]
    async with served(database) as client:
        answer = await client.request(method, "/graphql", **request)
        assert answer.status_code in {400, 405, 415}
    assert await recorded(database) == 0


async def test_a_loopback_server_answers_only_to_its_own_names(database: Database) -> None:
    async with served(database, allowed_hosts=(), asked_as="evil.example:8000") as client:
        for path in ("/data", "/graphql?query={__typename}", "/stats", "/health", "/nothing"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (421, "HOST_NOT_ALLOWED"), path
            assert answer.headers["X-Request-Id"]
    for names, asked_as in (((), "localhost:8000"), ((), "[::1]:8000"), (("Api.Example",), "api.example")):
        async with served(database, allowed_hosts=names, asked_as=asked_as) as client:
            assert (await client.get("/data")).status_code == 200
    async with served(database, allowed_hosts=(), host="0.0.0.0", asked_as="api.example") as client:
        assert (await client.get("/data")).status_code == 200


async def test_the_read_token_reads_and_the_rest_stays_open(database: Database) -> None:
    async with served(database, api_token=TOKEN, api_read_token=READ_TOKEN, client=ELSEWHERE) as client:
        for path in ("/livez", "/readyz", "/health", "/openapi.json"):
            assert (await client.get(path)).status_code == 200, path
        page = await client.get("/graphql", headers={"Accept": "text/html"})
        assert page.headers["Content-Type"].startswith("text/html")
        for token in (TOKEN, READ_TOKEN):
            headers = {"Authorization": f"Bearer {token}"}
            assert (await client.get("/data", headers=headers)).status_code == 200
            answer = await client.post("/graphql", json={"query": QUERY}, headers=headers)
            assert answer.json()["data"] == {"assets": {"totalCount": 0}}


async def test_without_a_read_token_everyone_reads(database: Database) -> None:
    async with served(database, api_token=TOKEN, client=ELSEWHERE) as client:
        assert (await client.get("/data")).status_code == 200


SECURITY = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
            "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy")  # fmt: skip


@pytest.mark.parametrize("path", ["/data", "/nothing", "/data?limit=x", "/graphql", "/graphql?query={__typename}", "/"])
async def test_every_answer_is_closed_to_other_sites(database: Database, path: str) -> None:
    async with served(database) as client:
        for accept in ("text/html", "application/json"):
            answer = await client.get(path, headers={"Accept": accept, "Origin": "https://evil.example"})
            assert not [name for name in SECURITY if name not in answer.headers]
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert "Access-Control-Allow-Origin" not in answer.headers


LEAKS = ["{ assetz { id } }", "{ assets(frst: 1) { totalCount } }", "{ assets { nodes { symbl } } }",
         "{ __type(name: \"Asset\") { name } }", "query($f: AssetFilte) { __typename }",
         "{ assets(orderBy: [{field: RANKK}]) { totalCount } }", "{ assets(filter: {rankk: {eq: 1}}) { totalCount } }",
         "mutation { triggerEt { started { id } } }", "{ assets { nodes { ...F } } } fragment F on Asse { id }",
         "{ __typename @skp(if: true) }"]  # fmt: skip


@pytest.mark.parametrize("query", LEAKS)
async def test_without_introspection_mistakes_teach_nothing(database: Database, query: str) -> None:
    async with served(database, graphql_introspection=False) as client:
        answer = await client.post("/graphql", json={"query": query})
        assert answer.json()["errors"]
        assert "Did you mean" not in answer.text


async def test_without_introspection_nor_do_variables(database: Database) -> None:
    query = "query($o: [AssetOrder!]) { assets(orderBy: $o) { totalCount } }"
    async with served(database, graphql_introspection=False) as client:
        for order in ({"field": "RANKK"}, {"fiel": "RANK"}):
            answer = await client.post("/graphql", json={"query": query, "variables": {"o": [order]}})
            assert answer.json()["errors"]
            assert "Did you mean" not in answer.text


async def test_a_log_line_stays_one(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "x\nlevel=critical event=all_is_lost"
    async with served(database) as client:
        await client.get("/nothing%0Alevel=critical%20event=all_is_lost", headers={"X-Request-Id": "a b"})
        mutation = "mutation($s: String) { triggerEtl(source: $s) { errors { code } } }"
        await client.post("/graphql", json={"query": mutation, "variables": {"s": evil}})
    assert not [line for line in capsys.readouterr().out.splitlines() if line.startswith("level=critical")]


async def test_every_attempt_to_change_something_is_told(database: Database) -> None:
    async with served(database, api_token=TOKEN, client=ELSEWHERE) as client:
        with capture_logs() as logs:
            await client.post("/graphql", json={"query": MUTATION})
            headers = {"Authorization": f"Bearer {TOKEN}"}
            await client.post("/graphql", json={"query": MUTATION}, headers=headers)
            await client.post("/graphql", json={"query": MUTATION.replace("csv", "nothing")}, headers=headers)
    told = [(e["caller"], e["address"], e["mutation"], e["arguments"]["source"], e["outcome"]) for e in logs
            if e["event"] == "graphql.mutation"]  # fmt: skip
    assert told == [
        ("anyone", ELSEWHERE[0], "triggerEtl", "csv", "UNAUTHENTICATED"),
        ("api token", ELSEWHERE[0], "triggerEtl", "csv", "ok"),
        ("api token", ELSEWHERE[0], "triggerEtl", "nothing", "UNKNOWN_SOURCE"),
    ]
    assert TOKEN not in json.dumps(logs, default=str)


async def test_a_websocket_is_held_to_the_same(database: Database) -> None:
    async with live(database, api_token=TOKEN, api_read_token=READ_TOKEN) as server:
        for payload in (None, {}, {"Authorization": "Bearer x"}, {"token": READ_TOKEN}):
            async with talking(server.url, payload) as talk:
                await talk.ask("1", QUERY)
                message = await talk.hear()
                assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")
        async with talking(server.url, {"Authorization": f"Bearer {READ_TOKEN}"}) as talk:
            await talk.ask("1", QUERY)
            assert await talk.next() == {"assets": {"totalCount": 0}}
            assert (await talk.hear())["type"] == "complete"
            await talk.ask("2", MUTATION)
            assert "UNAUTHENTICATED" in json.dumps(await talk.hear())
    assert await recorded(database) == 0


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
async def test_a_websocket_is_not_for_pages_of_others(database: Database, origin: str) -> None:
    async with live(database) as server:
        with pytest.raises(InvalidStatus) as refused:
            async with dialled(server.url, additional_headers={"Origin": origin}):
                pass
        assert refused.value.response.status_code == 403


async def test_a_websocket_is_not_for_other_names(database: Database) -> None:
    async with live(database, allowed_hosts=()) as server, httpx.AsyncClient() as client:
        headers = {"Host": "evil.example", "Connection": "Upgrade", "Upgrade": "websocket",
                   "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
        assert (await client.get(server.http, headers=headers)).status_code == 421

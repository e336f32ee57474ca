"""/graphql over a WebSocket: the protocol, its limits, and that nothing is left when a client goes."""

import asyncio
import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.web.ws import limits
from db import tables
from db.engine import Database
from tests.app.live import Live, Talk, dialled, eventually, live, talking
from tests.app.serving import only_sqlite
from tests.graphql_schema import rows

pytestmark = only_sqlite
TYPENAME = "{ __typename }"
EVENTS = "subscription { runEvents { cursor } }"
TRIGGER = 'mutation { triggerEtl(source: "csv") { started { source } } }'
TOKEN = "correct-horse"


def codes(message: dict[str, Any]) -> list[str]:
    found = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    return [error["extensions"]["code"] for error in found]


async def answer(talk: Talk, query: str, **variables: Any) -> dict[str, Any]:
    """The first message about an operation."""
    await talk.ask("1", query, **variables)
    return await talk.hear()


async def followed(server: Live, talk: Talk, operation: str = "1") -> None:
    """Subscribe, and wait until the server follows."""
    before = server.services.feed.followers
    await talk.ask(operation, EVENTS)
    await eventually(lambda: server.services.feed.followers == before + 1)


async def test_a_query_is_answered_and_complete(database: Database) -> None:
    await rows.write_assets(database, rows.asset(1, symbol="BTC"))
    async with live(database) as server, talking(server.url) as talk:
        await talk.ask("a", "query ($n: Int) { assets(first: $n) { nodes { symbol } } }", n=1)
        assert await talk.next("a") == {"assets": {"nodes": [{"symbol": "BTC"}]}}
        assert await talk.hear() == {"id": "a", "type": "complete"}
        # Complete means that the id can be used again.
        await talk.ask("a", TYPENAME)
        assert await talk.next("a") == {"__typename": "Query"}


async def test_what_is_read_is_never_older_than_the_operation(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        for count in (0, 1):
            if count:
                await rows.write_assets(database, rows.asset(1))
            await talk.ask("1", "{ assets { totalCount } sources { assetCount } }")
            data = await talk.next()
            assert (data["assets"]["totalCount"], sum(s["assetCount"] for s in data["sources"])) == (count, count)
            await talk.hear()


async def test_operations_run_side_by_side(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        await followed(server, talk, "long")
        await talk.ask("short", TYPENAME)
        assert await talk.next("short") == {"__typename": "Query"}


async def test_pings_are_answered(database: Database) -> None:
    async with live(database) as server, dialled(server.url) as talk:
        await talk.say("ping")
        assert await talk.hear() == {"type": "pong"}
        await talk.say("pong", payload={"of": "nothing"})
        await talk.say("connection_init")
        assert await talk.hear() == {"type": "connection_ack"}
        await talk.say("ping", payload={"x": 1})
        assert await talk.hear() == {"type": "pong"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ a: " * 300, "GRAPHQL_PARSE_FAILED"),
        ("query ($n: Int!) { assets(first: $n) { nodes { id } } }", "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Query { __typename }", "OPERATION_NOT_FOUND"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { a: runEvents { at } b: runEvents { at } }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { runEvents(source: "nope") { at } }', "BAD_USER_INPUT"),
        ('subscription { runEvents(after: "nope") { at } }', "INVALID_CURSOR"),
        ('subscription { runProgress(runId: "nope") { id } }', "BAD_USER_INPUT"),
        ('subscription { runProgress(runId: "UnVuOjk5") { id } }', "BAD_USER_INPUT"),
        ("subscription ($s: [Int]) { runEvents(source: $s) { at } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($s: String!) { runEvents(source: $s) { at } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_what_cannot_be_carried_out(database: Database, query: str, code: str) -> None:
    async with live(database) as server, talking(server.url) as talk:
        message = await answer(talk, query)
        assert set(codes(message)) == {code}, message
        assert (await answer(talk, TYPENAME))["type"] in {"next", "complete"}


async def test_documents_have_the_same_limits(database: Database) -> None:
    async with live(database, graphql_max_depth=4, graphql_max_cost=50) as server, talking(server.url) as talk:
        for query in (
            "{ assets { nodes { id } } }",
            "{ runs { nodes { checkpointBefore { source } } } }",
            "subscription { runEvents { run { batches { nodes { seen } } } } }",
        ):
            assert codes(await answer(talk, query)) == ["GRAPHQL_VALIDATION_FAILED"]


async def test_the_cost_is_told(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        payload = (await answer(talk, "{ assets(first: 10) { nodes { id } } }"))["payload"]
        assert payload["extensions"] == {"cost": {"requested": 12, "limit": 100_000}}


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
async def test_the_token_of_connection_init_opens_mutations(database: Database, name: str) -> None:
    async with live(database, api_token=TOKEN) as server:
        async with talking(server.url, {name: f"Bearer {TOKEN}"}) as talk:
            assert (await answer(talk, TRIGGER))["payload"]["data"] == {"triggerEtl": {"started": [{"source": "csv"}]}}
        for payload in (None, {}, {name: "Bearer wrong"}, {name: TOKEN}, {name: [1]}, {name: "\u20ac"}):
            async with talking(server.url, payload) as talk:
                assert codes(await answer(talk, TRIGGER)) == ["UNAUTHENTICATED"]
                assert (await talk.hear())["type"] == "complete"
                assert (await answer(talk, TYPENAME))["payload"]["data"] == {"__typename": "Query"}


async def test_the_token_may_stand_in_the_handshake(database: Database) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with live(database, api_token=TOKEN) as server:
        async with talking(server.url, additional_headers=headers) as talk:
            assert "errors" not in (await answer(talk, TRIGGER))["payload"]
        async with talking(server.url, {"Authorization": "Bearer wrong"}, additional_headers=headers) as talk:
            assert codes(await answer(talk, TRIGGER)) == ["UNAUTHENTICATED"]


async def test_without_a_token_programs_of_this_machine_may_mutate(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        assert "errors" not in (await answer(talk, TRIGGER))["payload"]


@pytest.mark.parametrize(
    ("origin", "cors", "may"),
    [
        (None, (), True),
        ("http://{host}", (), True),
        ("https://evil.example", (), False),
        ("null", (), False),
        ("", (), False),
        ("http://127.0.0.1:1", (), False),
        ("https://ours.example", ("https://ours.example",), True),
        ("https://ours.example.evil.example", ("https://ours.example",), False),
        ("https://any.example", ("*",), True),
    ],
)
async def test_pages_of_other_origins_may_not_connect(
    database: Database, origin: str | None, cors: tuple[str, ...], may: bool
) -> None:
    async with live(database, cors_origins=cors) as server:
        headers = {} if origin is None else {"Origin": origin.format(host=server.host)}
        if may:
            async with talking(server.url, additional_headers=headers):
                return
        with pytest.raises(InvalidStatus) as refused:
            async with dialled(server.url, additional_headers=headers):
                pass
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["code"] == "ORIGIN_REFUSED"


@pytest.mark.parametrize("subprotocols", [(), ("graphql-ws",), ("nonsense", "graphql-ws")])
async def test_other_subprotocols_are_not_spoken(database: Database, subprotocols: tuple[str, ...]) -> None:
    async with live(database) as server, dialled(server.url, subprotocols) as talk:
        assert (await talk.closed())[0] == 4406


async def test_ours_is_chosen_among_several(database: Database) -> None:
    async with live(database) as server, talking(server.url, subprotocols=("graphql-ws", "graphql-transport-ws")):
        pass


async def test_whoever_says_nothing_is_sent_away(database: Database) -> None:
    async with live(database, ws_init_timeout_seconds=0.1) as server:
        async with dialled(server.url) as talk:
            assert (await talk.closed())[0] == 4408
        async with dialled(server.url) as talk:
            for _ in range(20):
                await talk.say("ping")
            assert (await talk.closed())[0] == 4408
        async with talking(server.url) as talk:
            await asyncio.sleep(0.3)
            assert (await answer(talk, TYPENAME))["type"] == "next"


GARBAGE: list[Any] = [
    "",
    "{",
    "null",
    "7",
    "[]",
    '"ping"',
    "{}",
    '{"type": "nope"}',
    '{"type": 1}',
    '{"type": "connection_init", "payload": 7}',
    '{"type": "subscribe"}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}',
    '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
    '{"type": "subscribe", "id": "%s", "payload": {"query": "{ __typename }"}}' % ("x" * 200),
    '{"type": "subscribe", "id": "1", "payload": "x"}',
    '{"type": "subscribe", "id": "1", "payload": {}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": ""}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "operationName": 1}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "extensions": 1}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": {"a": NaN}}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "\\ud800"}}',
    '{"type": "complete"}',
    '{"type": "start", "id": "1", "payload": {"query": "{ __typename }"}}',
    "[" * 100_000,
    '{"a":' * 20_000,
    b"",
    b"\x00\xff",
    b'{"type": "ping"}',
]


@pytest.mark.parametrize("initialised", [True, False])
async def test_garbage_closes_the_connection(database: Database, initialised: bool) -> None:
    async with live(database) as server:
        for message in GARBAGE:
            async with (talking if initialised else dialled)(server.url) as talk:
                await talk.connection.send(message)
                code, reason = await talk.closed()
                assert code == 4400, (message, code, reason)
                assert reason.startswith("Invalid message: ")


async def test_text_that_is_no_utf8_closes_the_connection(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        await talk.connection.send(b'{"type": "\xff"}', text=True)
        assert (await talk.closed())[0] == 1007


async def test_a_huge_message_closes_the_connection(database: Database) -> None:
    async with live(database, ws_max_message_bytes=1000) as server, talking(server.url) as talk:
        await talk.ask("1", TYPENAME, x="x" * 1000)
        assert (await talk.closed())[0] == 1009


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"type": "connection_init"}, {"type": "connection_init"}], 4429),
        ([{"type": "subscribe", "id": "1", "payload": {"query": TYPENAME}}], 4401),
        ([{"type": "complete", "id": "1"}], 4401),
        (
            [{"type": "connection_init"}, *[{"type": "subscribe", "id": "1", "payload": {"query": EVENTS}}] * 2],
            4409,
        ),
    ],
)
async def test_breaches_of_the_protocol(database: Database, messages: list[dict[str, Any]], code: int) -> None:
    async with live(database) as server, dialled(server.url) as talk:
        for message in messages:
            await talk.connection.send(json.dumps(message))
        assert (await talk.closed())[0] == code


async def test_completing_what_is_unknown_is_harmless(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk:
        await talk.say("complete", id="never")
        assert (await answer(talk, TYPENAME))["type"] == "next"


_WORD = st.sampled_from(["type", "id", "payload", "query", "subscribe", "complete", "ping", "1", TYPENAME, EVENTS])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _WORD | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORD, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.text(max_size=20) | st.binary(max_size=20) | _JSON.map(json.dumps), max_size=4))
async def test_nothing_said_is_our_fault(database: Database, messages: list[Any]) -> None:
    async with live(database) as server, talking(server.url) as talk:
        for message in messages:
            await talk.connection.send(message)
        await talk.connection.send(b"end")
        code, reason = await talk.closed()
        assert code in {4400, 4409, 4429}, (code, reason)


async def test_too_many_operations_of_one_connection(database: Database) -> None:
    async with live(database, ws_max_operations=3) as server, talking(server.url) as talk:
        for number in range(3):
            await followed(server, talk, str(number))
        await talk.ask("too many", EVENTS)
        message = await talk.hear()
        assert (message["id"], message["type"], codes(message)) == ("too many", "error", ["TOO_MANY_OPERATIONS"])
        await talk.say("complete", id="0")
        await eventually(lambda: server.services.feed.followers == 2)
        await followed(server, talk, "too many")


async def test_too_many_connections(database: Database) -> None:
    async with live(database, ws_max_connections=1) as server:
        async with dialled(server.url):
            with pytest.raises(InvalidStatus) as refused:
                await connect(server.url, proxy=None)
            assert refused.value.response.status_code == 503
            assert json.loads(refused.value.response.body)["code"] == "TOO_MANY_CONNECTIONS"
        async with asyncio.timeout(5):
            while True:
                try:
                    async with talking(server.url):
                        break
                except InvalidStatus:
                    await asyncio.sleep(0.01)


@pytest.mark.parametrize("how", ["close", "abort", "complete", "eof"])
async def test_nothing_is_left_of_a_client_that_goes(database: Database, how: str) -> None:
    async with live(database) as server, talking(server.url) as talk:
        for number in range(3):
            await followed(server, talk, str(number))
        match how:
            case "close":
                await talk.connection.close()
            case "abort":
                talk.connection.transport.abort()
            case "eof":
                talk.connection.transport.close()
            case "complete":
                for number in range(3):
                    await talk.say("complete", id=str(number))
        await eventually(lambda: server.services.feed.followers == 0)
        # Nobody looks at the database any more.
        await eventually(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "run feed"])


async def test_a_client_that_leaves_amid_queries(database: Database) -> None:
    await rows.write_assets(database, *(rows.asset(n) for n in range(1, 21)))
    query = "{ assets(first: 20) { totalCount nodes { id raw { payload } lastRun { id } history { totalCount } } } }"
    async with live(database) as server:
        for number in range(5):
            async with talking(server.url) as talk:
                for operation in range(4):
                    await talk.ask(str(operation), query)
                await asyncio.sleep(number / 200)
        async with talking(server.url) as talk:
            assert (await answer(talk, TYPENAME))["type"] == "next"


async def raw_client(server: Live) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of which nothing is read beyond the handshake."""
    host, port = server.host.split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    key = base64.b64encode(b"0" * 16).decode()
    lines = [
        "GET /graphql HTTP/1.1", f"Host: {server.host}", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: graphql-transport-ws",
    ]  # fmt: skip
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def masked(message: dict[str, Any]) -> bytes:
    """A client's text frame; the mask is zero."""
    payload = json.dumps(message).encode()
    return b"\x81" + bytes([0x80 | 126]) + len(payload).to_bytes(2, "big") + b"\0\0\0\0" + payload


async def test_a_client_that_does_not_read_is_dropped(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEND_SECONDS", 0.3)
    monkeypatch.setattr("app.web.ws.server_protocol.LINGER_SECONDS", 0.3)
    await rows.write_assets(database, *(rows.asset(n) for n in range(1, 101)))
    await rows.write(database, tables.raw_assets, [rows.raw(n, json.dumps("x" * 60_000)) for n in range(1, 101)])
    async with live(database) as server:
        _, writer = await raw_client(server)
        query = "{ assets(first: 100) { nodes { raw { payload } } } }"
        writer.write(masked({"type": "connection_init"}))
        writer.write(masked({"type": "subscribe", "id": "events", "payload": {"query": EVENTS}}))
        for operation in range(10):
            writer.write(masked({"type": "subscribe", "id": str(operation), "payload": {"query": query}}))
        await eventually(lambda: server.services.feed.followers == 1)
        await eventually(lambda: server.services.feed.followers == 0)
        await eventually(lambda: not server.server.server_state.connections)
        writer.close()


async def test_a_stopping_server_says_so(database: Database) -> None:
    async with live(database) as server, talking(server.url) as talk, dialled(server.url) as silent:
        await followed(server, talk)
        server.server.should_exit = True
        assert (await talk.closed())[0] == 1001
        assert (await silent.closed())[0] == 1001


async def test_a_server_stops_in_time_whatever_its_clients_do(database: Database) -> None:
    async with live(database) as server:
        clients = [await raw_client(server) for _ in range(3)]
        for _, writer in clients:
            writer.write(masked({"type": "connection_init"}))
            writer.write(masked({"type": "subscribe", "id": "1", "payload": {"query": EVENTS}}))
        await eventually(lambda: server.services.feed.followers == 3)
        began = asyncio.get_running_loop().time()
        server.server.should_exit = True
        await eventually(lambda: not server.services.feed.followers)
        await eventually(lambda: not server.server.server_state.connections)
        assert asyncio.get_running_loop().time() - began < 5
        for _, writer in clients:
            writer.close()

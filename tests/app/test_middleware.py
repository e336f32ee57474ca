"""What every answer has: an id, its latency, safe headers and one log line."""

import re
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import structlog
from zlib_ng import zlib_ng

from app.web import compression
from db.engine import Database
from tests.app.serving import only_sqlite, served

pytestmark = only_sqlite
SITE = "https://site.example"


async def logged(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> dict[str, Any]:
    """The one http.request event of a request."""
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as events:
        await client.request(method, path, **more)
    (found,) = [dict(event) for event in events if event["event"] == "http.request"]
    return found


@pytest.mark.parametrize(
    "path", ["/", "/data", "/health", "/livez", "/metrics", "/openapi.json", "/nothing", "/graphql"]
)
async def test_every_answer_has_id_latency_and_safe_headers(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert float(answer.headers["x-api-latency-ms"]) >= 0
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("given", ["a", "A-b_c.9", "x" * 64])
async def test_a_well_formed_id_is_kept(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/nothing", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "ä", "a/b", '"', "a,b"])
async def test_any_other_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/livez", headers={b"X-Request-Id": given.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_two_ids_are_none(client: httpx.AsyncClient) -> None:
    answer = await client.get("/livez", headers=[("X-Request-Id", "one"), ("X-Request-Id", "two")])
    assert answer.headers["x-request-id"] not in {"one", "two"}


async def test_one_log_line_a_request(client: httpx.AsyncClient) -> None:
    event = await logged(client, "GET", "/data?limit=0", headers={"X-Request-Id": "mine"})
    assert event.pop("latency_ms") > 0
    assert event == {
        "event": "http.request", "log_level": "info", "method": "GET", "path": "/data", "status": 422,
        "request_id": "mine",
    }  # fmt: skip


async def test_the_log_holds_no_secret_and_no_control_character(client: httpx.AsyncClient) -> None:
    headers = {"Authorization": "Bearer hush"}
    event = await logged(client, "GET", "/a%0Ab%1B[31m%FF?token=hush", headers=headers)
    assert "hush" not in str(event)
    assert event["path"].isprintable()
    assert event["path"].isascii()


async def test_a_long_path_is_cut(client: httpx.AsyncClient) -> None:
    assert len((await logged(client, "GET", "/" + "ä" * 1000))["path"]) == 200


@pytest.mark.parametrize("path", ["/", "/data", "/health", "/stats", "/livez", "/metrics", "/openapi.json"])
async def test_head_is_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    head = await client.head(path)
    assert head.status_code == (await client.get(path)).status_code
    assert head.content == b""
    assert int(head.headers["content-length"]) > 0


async def test_large_answers_are_compressed(client: httpx.AsyncClient) -> None:
    assert (await client.get("/openapi.json")).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await client.get("/livez")).headers


async def test_they_are_compressed_by_the_faster_library(client: httpx.AsyncClient) -> None:
    plain = (await client.get("/openapi.json", headers={"Accept-Encoding": "identity"})).content
    async with client.stream("GET", "/openapi.json") as answer:
        sent = b"".join([part async for part in answer.aiter_raw()])
    compressor = zlib_ng.compressobj(compression.LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    assert sent == compressor.compress(plain) + compressor.flush()


@pytest.fixture
async def open_to_site(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with served(database, cors_origins=(SITE,)) as found:
        yield found


async def test_a_site_that_may_call(open_to_site: httpx.AsyncClient) -> None:
    answer = await open_to_site.get("/nothing", headers={"Origin": SITE})
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]


async def test_a_site_that_may_not(open_to_site: httpx.AsyncClient) -> None:
    answer = await open_to_site.get("/livez", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(("origin", "status"), [(SITE, 200), ("https://other.example", 400)])
async def test_asking_first(open_to_site: httpx.AsyncClient, origin: str, status: int) -> None:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = await open_to_site.options("/graphql", headers=headers)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "CORS_REFUSED"
        assert "access-control-allow-origin" not in answer.headers

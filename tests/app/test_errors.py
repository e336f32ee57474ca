"""Every error looks the same: RFC 9457."""

import httpx
import pytest

from tests.app.serving import only_sqlite

pytestmark = only_sqlite


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/data/", 404, "NOT_FOUND"),
        ("GET", "/%2Fevil.example/", 404, "NOT_FOUND"),
        ("GET", "/data/%00/../../etc/passwd", 404, "NOT_FOUND"),
        ("POST", "/data", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/graphql", 405, "METHOD_NOT_ALLOWED"),
        ("OPTIONS", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("BREW", "/", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/data?limit=0", 422, "INVALID_PARAMETERS"),
    ],
)
async def test_problems(client: httpx.AsyncClient, method: str, path: str, status: int, code: str) -> None:
    answer = await client.request(method, path)
    body = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(("path", "allowed"), [("/data", "GET, HEAD"), ("/graphql", "GET, HEAD, POST")])
async def test_a_refused_method_is_told_the_others(client: httpx.AsyncClient, path: str, allowed: str) -> None:
    assert (await client.put(path)).headers["allow"] == allowed


async def test_a_problem_names_the_parameters(client: httpx.AsyncClient) -> None:
    body = (await client.get("/data?limit=0&page=1")).json()
    assert "limit" in body["detail"]
    assert "page" in body["detail"]
    assert {error["parameter"] for error in body["errors"]} == {"limit", "page"}

"""A redirect is followed at home only: our key is for nobody else."""

import httpx
import pytest

from etl.errors import SourceBroken
from etl.http import Policy, Upstream
from etl.sources.json_records import split_array

HOME = "https://api.example.com/v3"
KEY = {"x-cg-demo-api-key": "secret", "Authorization": "secret"}


class Redirecting:
    """Answers `/v3/list` with a redirect to `target`, and everything else with a list of one."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/v3/list":
            return httpx.Response(302, headers={"location": self.target})
        return httpx.Response(200, json=[1])


async def permit() -> None:
    return None


async def ask(server: Redirecting) -> list[bytes]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as client:
        upstream = Upstream(client, HOME, permit=permit, headers=KEY, policy=Policy(attempts=2, backoff=0.0))
        return (await upstream.get("/list", {"page": "1"}, split_array)).decoded


@pytest.mark.parametrize("target", ["/v4/list", "https://api.example.com:443/v4/list?page=1"])
async def test_within_the_origin_it_is_followed_with_the_key(target: str) -> None:
    server = Redirecting(target)
    assert await ask(server) == [b"1"]
    assert [request.headers["x-cg-demo-api-key"] for request in server.asked] == ["secret", "secret"]


@pytest.mark.parametrize(
    "target",
    ["https://evil.example.com/", "//evil.example.com/", "http://api.example.com/v4", "https://api.example.com:444/"],
)
async def test_another_host_is_never_asked(target: str) -> None:
    server = Redirecting(target)
    with pytest.raises(SourceBroken, match="redirected to another host"):
        await ask(server)
    assert len(server.asked) == 1


async def test_going_round_in_circles_ends() -> None:
    server = Redirecting("/v3/list")
    with pytest.raises(SourceBroken, match="redirected more than"):
        await ask(server)
    assert len(server.asked) < 10

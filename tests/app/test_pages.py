"""What browsers get: the pages of the build, their files, and a page that says why where there are none."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from db.engine import Database
from tests.app.serving import only_sqlite, served

pytestmark = only_sqlite
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCRIPT = "console-1a2b3c.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build leaves, in small."""
    static = tmp_path / "static"
    static.mkdir()
    (tmp_path / "console.html").write_text("<title>console</title>")
    (tmp_path / "playground.html").write_text('<meta property="csp-nonce" nonce="{nonce}"><title>playground</title>')
    for name in (SCRIPT, f"{SCRIPT}.br", f"{SCRIPT}.gz", "icon-4d5e6f.svg", "notes.txt"):
        (static / name).write_text(f"content of {name}")
    return tmp_path


@pytest.fixture
async def client(database: Database, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with served(database, pages_folder=folder) as found:
        yield found


@pytest.fixture
async def unbuilt(database: Database, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with served(database, pages_folder=tmp_path) as found:
        yield found


async def test_browsers_get_the_console_and_programs_the_routes(client: httpx.AsyncClient) -> None:
    page, listed = await client.get("/", headers=BROWSER), await client.get("/")
    assert "<title>console" in page.text
    assert listed.json()["name"] == "kasparro"
    assert {page.headers["vary"], listed.headers["vary"]} == {"Accept"}


async def test_the_console_is_fetched_again_only_when_it_changed(client: httpx.AsyncClient) -> None:
    first = await client.get("/", headers=BROWSER)
    again = await client.get("/", headers=BROWSER | {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]


async def test_the_console_runs_nothing_but_its_own_files(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/", headers=BROWSER)).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; ")
    assert not re.search(r"unsafe|nonce|https?:|\*|blob:", policy)


async def test_style_sheets_of_the_playground_carry_a_nonce_of_this_answer_alone(client: httpx.AsyncClient) -> None:
    nonces = set()
    for _ in range(2):
        answer = await client.get("/graphql", headers=BROWSER)
        nonce = re.search(r'nonce="([\w-]{20,})"', answer.text)
        assert nonce
        policy = answer.headers["content-security-policy"]
        assert f"style-src 'self' 'nonce-{nonce[1]}'; style-src-attr 'unsafe-inline'" in policy
        assert "script-src 'self';" in policy
        assert answer.headers["cache-control"] == "no-store"
        nonces.add(nonce[1])
    assert len(nonces) == 2


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("identity", None),
        ("deflate", None),
    ],
)
async def test_files_come_as_the_build_compressed_them(
    client: httpx.AsyncClient, folder: Path, accepted: str, encoding: str | None
) -> None:
    async with client.stream("GET", f"/static/{SCRIPT}", headers={"Accept-Encoding": accepted}) as answer:
        content = b"".join([part async for part in answer.aiter_raw()])
    ending = {"br": ".br", "gzip": ".gz", None: ""}[encoding]
    assert content.decode() == f"content of {SCRIPT}{ending}"
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_files_are_kept_for_good(client: httpx.AsyncClient) -> None:
    first = await client.get("/static/icon-4d5e6f.svg", headers={"Accept-Encoding": "br"})
    assert first.headers["content-type"] == "image/svg+xml"
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = await client.get("/static/icon-4d5e6f.svg", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        f"{SCRIPT}.br",
        "notes.txt",
        "..%2Fconsole.html",
        "%2e%2e/console.html",
        "../../pages.py",
        "nope.js",
        "",
        "a/b.js",
    ],
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/static/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_without_a_build_a_page_says_why_and_what_to_do(
    unbuilt: httpx.AsyncClient, tmp_path: Path, path: str
) -> None:
    assert "make pages" in (await unbuilt.get(path, headers=BROWSER)).text
    (tmp_path / "NOT_BUILT.txt").write_text("npm: <no network>")
    answer = await unbuilt.get(path, headers=BROWSER)
    assert answer.status_code == 503
    assert "npm: &lt;no network&gt;" in answer.text
    assert (await unbuilt.get("/")).status_code == 200


async def test_without_introspection_there_is_no_playground(database: Database, folder: Path) -> None:
    async with served(database, pages_folder=folder, graphql_introspection=False) as client:
        assert "<title>console" in (await client.get("/", headers=BROWSER)).text
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 400

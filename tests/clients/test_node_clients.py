"""Clients of other people's making, in Node, against a real server."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import graphql_schema
from db import run_event_reader
from tests.clients import node
from tests.system.processes import serving, wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that has ingested the bundled CSV file once."""
    node.packages()
    settings = {
        "DATABASE_URL": "sqlite:///clients.sqlite3",
        "ETL_SOURCES": "csv",
        "ETL_SCHEDULE_CSV": "off",
        "ETL_BATCH_SIZE": "5",
    }
    with serving(tmp_path_factory.mktemp("server"), **settings) as (url, _):
        wait_until(lambda: httpx.get(f"{url}/stats").json()["status"] == "success")
        yield url.removeprefix("http://")


def test_graphql_over_http_passes_every_audit(server: str, tmp_path: Path) -> None:
    results = node.run(tmp_path, "audits.mjs", f"http://{server}/graphql")
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) > 60


def test_apollo(server: str, tmp_path: Path) -> None:
    start = run_event_reader.cursor("csv", {})
    told = node.run(tmp_path, "apollo.mjs", f"http://{server}/graphql", f"ws://{server}/graphql", start)
    # The query is asked for by its hash, refused once, sent in full once, and known from then on.
    assert told["sent"][-4:] == ["GET hash", "POST document", "GET hash", "GET hash"]
    assert (len(told["started"]["started"]), told["started"]["errors"]) == (1, [])
    assert (told["kinds"][0], told["kinds"][-1]) == ("QUEUED", "ENDED")
    connections = told["first"], told["second"], told["merged"]["assets"]
    pages = [[edge["node"]["id"] for edge in connection["edges"]] for connection in connections]
    # Apollo's policy for Relay's connections puts the second page behind the first.
    assert pages[1] == pages[2]
    assert pages[2][:3] == pages[0]
    assert len(set(pages[2])) == len(pages[2]) == 6


def test_urql(server: str, tmp_path: Path) -> None:
    told = node.run(tmp_path, "urql.mjs", f"http://{server}/graphql", f"ws://{server}/graphql")
    assert len(told["assets"]["nodes"]) == 2 < told["assets"]["totalCount"]
    assert told["refused"] == ["BAD_USER_INPUT"]
    assert told["states"][-1]["status"] == "SUCCESS"
    assert told["states"][-1]["recordsProcessed"] == told["states"][-1]["total"] == told["assets"]["totalCount"]


def test_graphql_ws_comes_back_with_its_cursor(server: str, tmp_path: Path) -> None:
    start = run_event_reader.cursor("csv", {})
    told = node.run(tmp_path, "graphql_ws.mjs", f"ws://{server}/graphql", start, "12", "cut")
    assert told["connections"] == 12
    whole = node.run(tmp_path / "again", "graphql_ws.mjs", f"ws://{server}/graphql", start, "12", "")
    assert whole["connections"] == 1
    assert whole["events"] == told["events"]
    assert len({event["cursor"] for event in told["events"]}) == 12
    assert [event["kind"] for event in told["events"][:4]] == ["QUEUED", "STARTED", "PAGE_STAGED", "PLANNED"]


def test_relay_compiles_against_the_schema(tmp_path: Path) -> None:
    shutil.copytree(node.HERE / "relay", tmp_path / "src")
    shutil.copy(Path(graphql_schema.__path__[0]) / "schema.graphql", tmp_path)
    config = {"src": "src", "schema": "schema.graphql", "language": "javascript", "eagerEsModules": True}
    (tmp_path / "relay.config.json").write_text(json.dumps(config))
    node.run_tool(tmp_path, "node_modules/relay-compiler/cli.js", "relay.config.json")
    compiled = {file.name.partition(".")[0] for file in (tmp_path / "src" / "__generated__").iterdir()}
    assert {"appQuery", "appAssetsPaginationQuery", "appHistoryRefetchQuery", "appRunRefetchQuery"} <= compiled
    assert {"appTriggerMutation", "appEventsSubscription"} <= compiled

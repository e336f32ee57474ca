"""Runs in the console, in a browser: followed, compared, started, cancelled; and what they leave for a person."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.pages.browser import Visitor
from tests.pages.console import enter_token, opened, rows, toast
from tests.pages.service import Service

SPOILT_PRICE = {
    "kind": "set_field", "field": "current_price", "literal": '"abc"', "row": 3,
    "match": {"path": "/coins/markets", "page": 1},
}  # fmt: skip
COINS = "{ coins(first: 100) { nodes { assets { asset { externalId source name } } } } }"
PAIR = """
INSERT INTO coin_pairs (one_id, other_id, weight, score, evidence, doubt)
SELECT one.id, other.id, 0, 0.5, '["name alike"]', 'made up' FROM assets one, assets other
WHERE one.source = 'coingecko' AND one.external_id = ? AND other.source = 'coinpaprika' AND other.external_id = ?
"""
FULL_CSV = 'mutation { triggerEtl(source: "csv", mode: FULL) { started { id } } }'
SLOW = {"kind": "delay", "seconds": 3.0, "match": {"path": "/coins/markets"}}


@pytest.fixture
def spoilt(running: Service) -> Iterator[Service]:
    """A service whose upstream is healed at the end."""
    yield running
    running.spoil()


def start(page: Page, source: str, mode: str = "Incremental") -> None:
    page.get_by_role("button", name="Start a run").click()
    dialog = page.get_by_role("dialog", name="Start a run")
    dialog.get_by_label("Source").select_option(source)
    dialog.get_by_role("button", name=mode).click()
    dialog.get_by_role("button", name="Start", exact=True).click()


def test_a_run_is_started_and_followed(visitor: Visitor) -> None:
    page = opened(visitor, "runs?source=csv")
    enter_token(page)
    expect(rows(page, "Runs")).not_to_have_count(0)
    before = rows(page, "Runs").count()
    start(page, "csv", "Full")
    expect(toast(page)).to_contain_text("Asked for: CSV.")
    expect(rows(page, "Runs")).to_have_count(before + 1)
    expect(rows(page, "Runs").first).to_contain_text("Full")
    expect(rows(page, "Runs").first).to_contain_text("Success")


def test_a_run_tells_batches_log_and_comparison(visitor: Visitor) -> None:
    page = opened(visitor, "runs?source=coinpaprika&status=SUCCESS")
    rows(page, "Runs").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("CoinPaprika")
    expect(rows(page, "Batches").first).to_contain_text(re.compile("1 \u2013 [0-9]+"))
    expect(page.get_by_role("list", name="Log lines")).to_contain_text("Ended")
    expect(page.locator(".outcomes")).to_contain_text("Quarantined")


def test_a_run_is_compared_with_the_one_before(visitor: Visitor, running: Service) -> None:
    page = opened(visitor, "runs?source=csv")
    enter_token(page)
    start(page, "csv")
    expect(rows(page, "Runs").first).to_contain_text("Success")
    rows(page, "Runs").first.click()
    expect(page.get_by_label("The run to compare with")).to_contain_text("the previous run")
    expect(page.get_by_role("region", name="Comparison")).to_contain_text("Records per second")


def test_a_run_is_cancelled(visitor: Visitor, spoilt: Service) -> None:
    spoilt.spoil(SLOW)
    page = opened(visitor, "runs?source=coingecko")
    enter_token(page)
    start(page, "coingecko", "Full")
    expect(rows(page, "Runs").first).to_contain_text("Running")
    rows(page, "Runs").first.click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("main")).to_contain_text("Cancelled")
    expect(page.get_by_role("list", name="Log lines")).to_contain_text("Cancel requested")


def test_what_was_put_aside_is_shown_and_replayed(visitor: Visitor, spoilt: Service) -> None:
    spoilt.spoil(SPOILT_PRICE)
    page = opened(visitor, "runs?source=coingecko")
    enter_token(page)
    start(page, "coingecko", "Full")
    expect(rows(page, "Runs").first).to_contain_text("Success")
    page.get_by_role("link", name="Review").click()
    found = page.locator(".finding").first
    expect(found).to_contain_text("got `str` - at `$.current_price`")
    found.get_by_text("The record as received").click()
    expect(found.get_by_role("region")).to_contain_text('"abc"')
    found.get_by_role("checkbox").check()
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_role("button", name="Replay chosen")).to_be_disabled()
    found.get_by_role("checkbox").check()
    page.get_by_role("button", name="Replay 1").click()
    expect(toast(page)).to_contain_text("Asked for: CoinGecko.")
    page.get_by_role("link", name="Changed fields").click()
    expect(page.locator("main")).to_contain_text("current_price")


def test_what_one_run_put_aside_is_not_replayed_with_everything_else(visitor: Visitor, running: Service) -> None:
    run = running.ask("{ runs(first: 1) { nodes { id } } }")["runs"]["nodes"][0]["id"]
    page = opened(visitor, f"review?run={run}")
    enter_token(page)
    everything = page.get_by_role("button", name="Replay all")
    expect(everything).to_have_attribute("title", "Shows the records of one run only")
    expect(everything).to_be_disabled()


@pytest.fixture
def doubtful(running: Service) -> tuple[str, str]:
    """The names of two assets of different sources that are made a doubtful pair: this market has none by itself."""
    coins = running.ask(COINS)["coins"]["nodes"]
    alone = [coin["assets"][0]["asset"] for coin in coins if len(coin["assets"]) == 1]
    one, other = (next(asset for asset in alone if asset["source"] == name) for name in ("coingecko", "coinpaprika"))
    with closing(sqlite3.connect(running.database)) as database, database:
        database.execute(PAIR, (one["externalId"], other["externalId"]))
    return one["name"], other["name"]


def test_a_doubtful_pair_is_decided_and_taken_back(visitor: Visitor, doubtful: tuple[str, str]) -> None:
    page = opened(visitor, "review/pairs")
    enter_token(page)
    pair = page.locator(".pair", has_text=doubtful[0]).filter(has_text=doubtful[1])
    for button, said in (("Keep apart", "Kept apart"), ("Link", "Linked")):
        pair.get_by_role("button", name=button).click()
        expect(toast(page)).to_contain_text(said)
        expect(pair).to_have_count(0)
        page.get_by_role("button", name="Undo the last decision").click()
        expect(toast(page)).to_contain_text("Taken back")
        expect(pair).to_be_visible()


def test_filters_of_runs_stand_in_the_address(visitor: Visitor) -> None:
    page = opened(visitor, "runs")
    page.get_by_label("Status").select_option("SUCCESS")
    page.get_by_label("Asked for by").select_option("STARTUP")
    expect(page).to_have_url(re.compile("status=SUCCESS&trigger=STARTUP"))
    expect(rows(page, "Runs")).to_have_count(3)


def test_after_a_lost_connection_it_goes_on_behind_the_last_event(visitor: Visitor, running: Service) -> None:
    said: list[Any] = []
    connections: list[WebSocketRoute] = []

    def stand_between(connection: WebSocketRoute) -> None:
        server = connection.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            said.append(json.loads(message))
            server.send(message)

        connection.on_message(pass_on)
        connections.append(connection)

    page = visitor.open("/#/runs?source=csv")
    page.route_web_socket("**/graphql", stand_between)
    page.reload()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(rows(page, "Runs")).not_to_have_count(0)
    before = rows(page, "Runs").count()
    running.ask(FULL_CSV)
    expect(rows(page, "Runs")).to_have_count(before + 1)
    expect(rows(page, "Runs").first).to_contain_text("Success")
    connections[-1].close(code=1001)
    expect(page.get_by_text("Offline", exact=True)).to_be_visible()
    running.ask(FULL_CSV)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(rows(page, "Runs")).to_have_count(before + 2)
    expect(rows(page, "Runs").first).to_contain_text("Success")
    asked = [message["payload"]["variables"] for message in said if message["type"] == "subscribe"]
    assert asked[0] == {"after": None}
    assert asked[-1]["after"] is not None

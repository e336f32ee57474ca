"""Every page of the console at two widths and in two themes: accessible, within its window, pictured."""

import pytest
from playwright.sync_api import Page, expect

from tests.pages.browser import WIDTHS, Visitor, overflow, picture, violations
from tests.pages.console import opened
from tests.pages.service import Service

FIRST_RUN = '{ runs(last: 1, filter: {source: {eq: "coinpaprika"}}) { nodes { id } } }'
BITCOIN = '{ asset(source: "coingecko", externalId: "bitcoin") { id } }'
# Every width and every theme once: axe takes half a second a page.
CHECKED = {(1280, "light"), (390, "dark")}
PLACES = {
    "overview": "",
    "assets": "assets",
    "asset": "assets/{asset}",
    "coins": "coins",
    "coin": "coins/bitcoin",
    "runs": "runs",
    "run": "runs/{run}",
    "quarantine": "review",
    "pairs": "review/pairs",
    "drift": "review/drift",
}


def settled(page: Page) -> None:
    expect(page.locator(".skeleton, .bone")).to_have_count(0)


def test_dialogs_and_menus_are_accessible(visitor: Visitor) -> None:
    page = opened(visitor, "assets")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Filters").click()
    assert violations(page) == []
    page.get_by_role("button", name="Keyboard shortcuts").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="API token").click()
    assert violations(page) == []


@pytest.mark.parametrize("name", PLACES)
def test_every_page_looks_well(visitor: Visitor, running: Service, name: str) -> None:
    run = running.ask(FIRST_RUN)["runs"]["nodes"][0]["id"]
    asset = running.ask(BITCOIN)["asset"]["id"]
    page = opened(visitor, PLACES[name].format(run=run, asset=asset))
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            settled(page)
            picture(page, f"console-{name}-{width}-{theme}")
            if (width, theme) in CHECKED:
                assert violations(page) == []
        assert overflow(page) == 0

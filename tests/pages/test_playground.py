"""The playground in a browser, under the policy it is served with."""

import json
import re
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.pages.browser import WIDTHS, Theme, Visitor, overflow, picture, violations
from tests.pages.service import Service

THEMES: tuple[Theme, ...] = ("light", "dark")
TRIGGER = 'mutation { triggerEtl(source: "csv") { started { id } alreadyActive { id } errors { code } } }'


def opened(visitor: Visitor, width: int = 1280, theme: Theme = "light") -> Page:
    """The playground on a first visit, once its editor holds the first example."""
    page = visitor.open("/graphql", width=width, theme=theme)
    _shows(page, "TopCoins")
    return page


def example(page: Page, name: str) -> None:
    page.get_by_label("Select active operation").get_by_role("button", name=name).click()
    _shows(page, name)


def run(page: Page) -> None:
    page.get_by_label("Execute query").click()


def result(page: Page) -> Locator:
    return page.get_by_role("region", name="Result Window")


def write(page: Page, editor: str, text: str) -> None:
    """Replace what an editor holds, as by typing."""
    page.get_by_role("region", name=editor).locator(".view-lines:visible").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("Delete")  # a bracket typed over a selection goes around it
    page.keyboard.type(text)


def write_header(page: Page, **header: str) -> None:
    page.get_by_role("button", name="Headers").click()
    write(page, "Headers", json.dumps(header))


def _shows(page: Page, name: str) -> None:
    begin = re.compile(rf"(query|mutation|subscription)\s{name}")
    expect(page.get_by_role("region", name="Operation Editor")).to_contain_text(begin)


def test_the_explorer_shows_the_graph_and_writes_into_the_query(visitor: Visitor) -> None:
    page = opened(visitor)
    page.get_by_label("Show GraphiQL Explorer").click()
    explorer = page.locator(".docExplorerWrap")
    for name in ("assets", "runs", "sources"):
        expect(explorer.get_by_text(name, exact=True).first).to_be_visible()
    explorer.get_by_text("marketCapUsd", exact=True).first.click()
    expect(page.get_by_role("region", name="Operation Editor")).to_contain_text("marketCapUsd")


def test_what_was_run_stays_in_the_history(visitor: Visitor) -> None:
    page = opened(visitor)
    example(page, "Sources")
    run(page)
    expect(result(page)).to_contain_text("coinpaprika")
    page.get_by_label("Show History").click()
    history = page.get_by_role("region", name="History")
    expect(history.get_by_text("Sources").first).to_be_visible()
    page.reload()
    expect(history.get_by_text("Sources").first).to_be_visible()


def test_the_editor_knows_the_graph(visitor: Visitor) -> None:
    page = opened(visitor)
    write(page, "Operation Editor", "{ sources { nome } }")
    expect(page.locator(".squiggly-error")).to_be_visible()
    write(page, "Operation Editor", "{ sources { na")
    page.keyboard.press("Control+Space")
    expect(page.locator(".suggest-widget")).to_contain_text("name")


def test_a_token_in_the_header_editor_is_sent(visitor: Visitor) -> None:
    page = opened(visitor)
    example(page, "TriggerRun")
    run(page)
    expect(result(page)).to_contain_text("UNAUTHENTICATED")
    write_header(page, Authorization=f"Bearer {Service.token}")
    run(page)
    expect(result(page)).to_contain_text("started")
    expect(result(page)).to_contain_text('"errors": []')
    page.get_by_label("Show History").click()
    page.get_by_role("region", name="History").get_by_text("TriggerRun").first.click()
    expect(page.get_by_role("region", name="Headers")).to_contain_text(Service.token)
    stored: list[str] = page.evaluate("Object.values(localStorage)")
    assert any("triggerEtl" in value for value in stored)
    assert not any(Service.token in value for value in stored)


def test_a_token_given_to_the_console_is_in_the_header_editor(visitor: Visitor) -> None:
    page = opened(visitor)
    page.evaluate("sessionStorage.setItem('kasparro.token', 'from-the-console'); localStorage.clear()")
    page.goto("about:blank")
    page.goto(f"{visitor.base}/graphql")
    page.get_by_role("button", name="Headers").click()
    expect(page.get_by_role("region", name="Headers")).to_contain_text("Bearer from-the-console")


def test_a_subscription_tells_what_happens(visitor: Visitor, running: Service) -> None:
    page = opened(visitor)
    example(page, "WatchRuns")
    _watch_a_run(page, running)
    page.get_by_label("Stop query").click()
    expect(page.get_by_label("Execute query")).to_be_visible()


def test_it_works_under_a_path_of_a_proxy(visitor_behind_prefix: Visitor, running: Service) -> None:
    page = opened(visitor_behind_prefix)
    run(page)
    expect(result(page)).to_contain_text("Bitcoin")
    example(page, "WatchRuns")
    _watch_a_run(page, running)
    assert page.get_by_role("link", name="Kasparro").evaluate("link => link.href") == f"{visitor_behind_prefix.base}/"


def _watch_a_run(page: Page, service: Service) -> None:
    run(page)
    told = result(page).get_by_text("SUCCESS")
    for _ in range(10):  # runs that begin before the subscription does are not told
        service.ask(TRIGGER)
        with suppress(AssertionError):
            expect(told.first).to_be_visible(timeout=1000)
            return
    expect(told.first).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_looks_right_and_everyone_can_use_it(visitor: Visitor, width: int, theme: Theme) -> None:
    page = opened(visitor, width, theme)
    run(page)
    expect(result(page)).to_contain_text("Bitcoin")
    picture(page, f"playground-{width}-{theme}")
    assert overflow(page) == 0
    assert violations(page) == []


def test_everyone_can_use_its_panels(visitor: Visitor) -> None:
    page = opened(visitor, 390)
    run(page)
    for panel in ("Documentation Explorer", "History", "GraphiQL Explorer"):
        page.get_by_label(f"Show {panel}").click()
        assert overflow(page) == 0
        assert violations(page) == []
    page.get_by_label("Hide GraphiQL Explorer").click()
    expect(result(page)).to_contain_text("Bitcoin")

"""The console's first page and its frame, in a browser."""

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.pages.browser import Visitor
from tests.pages.console import enter_token, opened, toast

SOURCES = ("coingecko", "coinpaprika", "csv")


def card(page: Page, source: str) -> Locator:
    return page.get_by_role("article", name=source)


def test_one_sentence_says_whether_all_is_well(visitor: Visitor) -> None:
    page = opened(visitor)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("All is well"))
    expect(page.locator("main")).to_contain_text("assets from 3 sources")


def test_before_the_first_run_it_says_what_to_do(visitor: Visitor) -> None:
    def without_runs(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        for source in body["data"].get("sources", ()):
            source["lastRun"] = None
        route.fulfill(response=response, json=body)

    page = opened(visitor, "runs")
    page.route("**/graphql", without_runs)
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was read yet")


def test_each_source_tells_how_it_is(visitor: Visitor) -> None:
    page = opened(visitor)
    for source in SOURCES:
        for line in ("Newest figures", "Next run", "Circuit", "Last run", "Assets"):
            expect(card(page, source).get_by_text(line, exact=True)).to_be_visible()
    expect(card(page, "csv").get_by_role("link", name="40", exact=True)).to_be_visible()


def test_runs_are_shown_over_time(visitor: Visitor) -> None:
    page = opened(visitor)
    timeline = page.get_by_role("group", name="Runs by source over time")
    expect(timeline.get_by_role("link", name=re.compile("CSV: Success"))).not_to_have_count(0)
    for chart in ("Records per run", "Duration of runs"):
        expect(page.get_by_role("img", name=chart).locator("canvas")).to_be_visible()
    page.get_by_role("button", name="24h").click()
    expect(page).to_have_url(re.compile("span=24h"))


def test_without_the_token_actions_are_off_and_say_why(visitor: Visitor) -> None:
    page = opened(visitor)
    run_now = card(page, "csv").get_by_role("button", name="Run now")
    expect(run_now).to_be_disabled()
    expect(run_now).to_have_attribute("title", re.compile("Enter the API token"))
    enter_token(page, "wrong")
    expect(run_now).to_have_attribute("title", re.compile("is not the API token"))


def test_a_source_is_run_paused_and_resumed(visitor: Visitor) -> None:
    page = opened(visitor)
    enter_token(page)
    card(page, "csv").get_by_role("button", name="Run now").click()
    expect(toast(page)).to_contain_text("Asked for: CSV.")
    for action, state in (("Pause", "Paused"), ("Resume", "Idle")):
        card(page, "csv").get_by_role("button", name="More for csv").click()
        card(page, "csv").get_by_role("button", name=action).click()
        expect(card(page, "csv").get_by_text(state, exact=True)).to_be_visible()


def test_the_token_lasts_as_long_as_the_tab(visitor: Visitor) -> None:
    page = opened(visitor)
    enter_token(page)
    page.reload()
    expect(page.get_by_role("button", name="API token (entered)")).to_be_visible()
    expect(card(page, "csv").get_by_role("button", name="Run now")).to_be_enabled()
    assert page.evaluate("Object.keys(localStorage).filter(key => key.includes('token'))") == []


def test_theme_and_zone_are_remembered(visitor: Visitor) -> None:
    page = opened(visitor, theme="dark")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Use the light theme").click()
    page.get_by_role("button", name="UTC").click()
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")
    expect(page.get_by_role("button", name="Local", exact=True)).to_be_visible()


def test_keys_lead_everywhere(visitor: Visitor) -> None:
    page = opened(visitor)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for key, place in (("a", "assets"), ("c", "coins"), ("r", "runs"), ("v", "review")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(f"#/{place}$"))
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("searchbox")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_it_works_behind_a_prefix(visitor_behind_prefix: Visitor) -> None:
    page = opened(visitor_behind_prefix)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("All is well"))


def test_a_service_that_wants_a_token_for_reading_is_given_one(visitor: Visitor) -> None:
    visitor.expect("status of 401")
    page = opened(visitor, "review/drift")
    refusal = {"errors": [{"message": "this needs a token", "extensions": {"code": "UNAUTHENTICATED"}}]}
    page.route("**/graphql", lambda route: route.fulfill(status=401, json=refusal))
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Enter a token").click()
    page.unroute("**/graphql")
    page.get_by_label("Token", exact=True).fill("reader")
    page.get_by_role("button", name="Use this token").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("All is well"))


def test_the_token_that_was_entered_last_counts_however_late_answers_come(visitor: Visitor) -> None:
    page = opened(visitor)
    held: list[Route] = []

    def hold_one(route: Route) -> None:
        if "query Viewer" in (route.request.post_data or "") and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/graphql", hold_one)
    enter_token(page, "wrong")
    while not held:
        page.wait_for_timeout(20)
    enter_token(page)
    held[0].continue_()
    expect(page.get_by_role("button", name="Run now").first).to_be_enabled()


def test_a_lost_connection_is_told_and_made_up_for(visitor: Visitor) -> None:
    visitor.expect("ERR_INTERNET_DISCONNECTED|ERR_FAILED|WebSocket")
    page = opened(visitor, "runs")
    page.context.set_offline(True)
    page.evaluate("window.stop()")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text(re.compile("Not connected"))).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text(re.compile("Not connected"))).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("All is well"))

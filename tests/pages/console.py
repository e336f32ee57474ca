"""Words for driving the console."""

from playwright.sync_api import Locator, Page, expect

from tests.pages.browser import Theme, Visitor
from tests.pages.service import TOKEN


def opened(visitor: Visitor, place: str = "", *, width: int = 1280, theme: Theme = "light") -> Page:
    """A page of the console, once it follows what happens."""
    page = visitor.open(f"/#/{place}", width=width, theme=theme)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    return page


def enter_token(page: Page, token: str = TOKEN) -> None:
    page.get_by_role("button", name="API token").click()
    page.get_by_label("Token", exact=True).fill(token)
    page.get_by_role("button", name="Use this token").click()


def grid(page: Page, name: str) -> Locator:
    return page.get_by_role("grid", name=name)


def rows(page: Page, name: str) -> Locator:
    """The rows in sight, without the head."""
    return grid(page, name).locator(".grid-row")


def counted(page: Page, noun: str) -> int:
    """How many there are in all, as the toolbar says."""
    text = page.locator(".toolbar-end").get_by_text(f" {noun}").inner_text()
    return int(text.split()[0].replace(",", ""))


def toast(page: Page) -> Locator:
    return page.locator(".toast").last

"""`make screenshots`: the pictures of the README and docs, from the real service over the local upstream."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.pages.browser import ROOT, Theme, Visitor, chromium, picture
from tests.pages.service import service

FOLDER = ROOT / "docs" / "pictures"
LARGEST_BYTES = 150_000


def _overview(page: Page) -> None:
    expect(page.get_by_text("coinpaprika").first).to_be_visible()


def _assets(page: Page) -> None:
    expect(page.get_by_text("Bitcoin").first).to_be_visible()


def _playground(page: Page) -> None:
    editor = page.get_by_role("region", name="Operation Editor")
    expect(editor).to_contain_text("TopCoins")
    page.get_by_label("Execute query").click()
    expect(page.get_by_role("region", name="Result Window")).to_contain_text("Bitcoin")


# Name, path, theme, and what to wait for.
PICTURES: tuple[tuple[str, str, Theme, Callable[[Page], None]], ...] = (
    ("overview", "/", "light", _overview),
    ("assets", "/#/assets", "dark", _assets),
    ("playground", "/graphql", "light", _playground),
)


def main() -> int:
    """Take every picture; 1 if one is too large or something went wrong in a page."""
    with tempfile.TemporaryDirectory() as folder, service(Path(folder)) as running, chromium() as browser:
        visitor = Visitor(browser, running.url)
        taken = [_take(visitor, *wanted) for wanted in PICTURES]
    too_large = [f"{path.name} has more than {LARGEST_BYTES} bytes" for path in taken if _bytes(path) > LARGEST_BYTES]
    print(*(f"{path.relative_to(ROOT)}  {_bytes(path) // 1000} kB" for path in taken), sep="\n")
    print(*visitor.wrong, *too_large, sep="\n", file=sys.stderr)
    return bool(visitor.wrong or too_large)


def _take(visitor: Visitor, name: str, path: str, theme: Theme, ready: Callable[[Page], None]) -> Path:
    page = visitor.open(path, theme=theme)
    ready(page)
    page.wait_for_timeout(1500)  # until charts are drawn and the editor is coloured
    return picture(page, name, FOLDER)


def _bytes(path: Path) -> int:
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())

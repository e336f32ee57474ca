"""Pages in a real browser: opened, watched for anything that went wrong, checked for accessibility, pictured."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from app.web.pages import FOLDER

ROOT = Path(__file__).parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "build" / "screenshots"
WIDTHS = {1280: 800, 390: 844}
PATIENCE_MS = 20_000
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SERIOUS = {"serious", "critical"}

Theme = Literal["light", "dark"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Skips the test (in CI: fails it) where there is none, or no build of the pages."""
    if not (FOLDER / "console.html").exists():
        _missing("the pages are not built: make pages")
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        _missing("no Chromium is installed: on Debian, apt-get install chromium")
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=as_root)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """Opens pages of one service, each like a first visit, and takes note of what must not happen."""

    browser: Browser
    base: str
    wrong: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def open(self, path: str = "/", *, width: int = 1280, theme: Theme = "light") -> Page:
        """The page at a path of the service, in a window 1280 or 390 wide."""
        viewport = {"width": width, "height": WIDTHS[width]}
        context = self.browser.new_context(viewport=viewport, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._note(f"exception: {error}"))
        page.on("request", self._on_request)
        page.goto(self.base + path)
        return page

    def expect(self, pattern: str) -> None:
        """Something that is to go wrong in this test, as a regular expression for its line in `wrong`."""
        self._expected.append(pattern)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _on_request(self, request: Request) -> None:
        to = urlsplit(request.url)
        if to.scheme not in {"data", "blob"} and to.netloc != urlsplit(self.base).netloc:
            self._note(f"request to elsewhere: {request.url}")

    def _note(self, line: str) -> None:
        if not any(re.search(pattern, line) for pattern in self._expected):
            self.wrong.append(line)


def violations(page: Page) -> list[str]:
    """Serious accessibility violations by axe: rule, what it wants, where."""
    if not AXE.exists():
        _missing("axe-core is not installed: make pages")
    # Evaluated by the browser's debugger, so the page's policy has no say in it.
    page.evaluate(f"{AXE.read_text('utf-8')}; null")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)")
    return [
        f"{rule['id']}: {rule['help']}: {json.dumps([node['target'] for node in rule['nodes']][:5])}"
        for rule in found
        if rule["impact"] in _SERIOUS
    ]


def picture(page: Page, name: str, folder: Path = PICTURES) -> Path:
    """A screenshot for people to look at: NAME.png in the folder, build/screenshots unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    return path


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window: people on phones want 0."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)

"""For tests in a real browser: one service and one Chromium for all of them, and a watched visitor for each.

A test takes `visitor`, opens pages with `visitor.open("/graphql", width=390, theme="dark")` and drives them with
Playwright's own calls. At its end the visitor fails it for any console error or warning, any exception in a page and
any request to another host; what is to go wrong is announced with `visitor.expect(pattern)`.
`browser.violations(page)` asks axe, `browser.picture(page, name)` leaves a screenshot in build/screenshots.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.pages.browser import Visitor, chromium
from tests.pages.proxy import behind_prefix
from tests.pages.service import Service, service

PREFIX = "/tools/kasparro"


# For a module, not the session: while Playwright's own event loop lives, no asynchronous test can run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, once every source has been ingested. It wants a token for mutations, none for reading."""
    with service(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture
def visitor(browser: Browser, running: Service) -> Iterator[Visitor]:
    """Opens pages of the service; fails the test for whatever went wrong in them."""
    yield from _watched(Visitor(browser, running.url))


@pytest.fixture
def visitor_behind_prefix(browser: Browser, running: Service) -> Iterator[Visitor]:
    """The same behind a proxy that serves the service under a path of its own."""
    with behind_prefix(PREFIX, running.url) as url:
        yield from _watched(Visitor(browser, url))


def _watched(visitor: Visitor) -> Iterator[Visitor]:
    before = len(visitor.browser.contexts)
    yield visitor
    for context in visitor.browser.contexts[before:]:
        # An answer that a test changes on its way may still be under way; cut off, it fails the next test.
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")
        context.close()
    assert not visitor.wrong

"""The checks of pages can fail: what goes wrong is noticed."""

import re

import pytest

from tests.pages.browser import Visitor, overflow, violations

WRONG = """
console.error("said so");
setTimeout(() => { throw new Error("thrown so") });
new Image().src = "http://127.0.0.1:1/elsewhere.png";
document.head.appendChild(document.createElement("style"));
"""
EXPECTED = ("console error: said so", "exception: thrown so", "request to elsewhere: .*elsewhere.png", "violates")


def test_a_visitor_notices_what_goes_wrong(visitor: Visitor) -> None:
    page = visitor.open("/health")
    page.evaluate(WRONG)
    page.wait_for_timeout(200)
    missed = [wanted for wanted in EXPECTED if not any(re.search(wanted, line) for line in visitor.wrong)]
    visitor.wrong.clear()
    assert not missed


@pytest.mark.parametrize("html", ["<img src='x.png'>", "<select><option>1</select>"])
def test_what_some_cannot_use_is_a_violation(visitor: Visitor, html: str) -> None:
    visitor.expect("x.png")
    page = visitor.open("/health")
    page.evaluate("html => { document.body.innerHTML = html }", html)
    assert violations(page)


def test_what_is_too_wide_is_measured(visitor: Visitor) -> None:
    page = visitor.open("/health", width=390)
    page.evaluate("document.body.innerHTML = '<hr>'; document.querySelector('hr').style.width = '500px'")
    assert overflow(page) > 100

"""Which media type a client wants."""

import pytest

from app.web.accept import accepts, preferred

OLD, NEW = "application/json", "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", OLD),
        ("*/*", OLD),
        ("application/*", OLD),
        (OLD, OLD),
        (NEW, NEW),
        (NEW.upper(), NEW),
        (f"{NEW}; charset=utf-8", NEW),
        (f"{NEW}, {OLD};q=0.9", NEW),
        (f"{NEW};q=0.5, {OLD}", OLD),
        (f"{NEW}, */*;q=0.1", NEW),
        (f"{OLD}, */*", OLD),
        (f"{NEW}, */*", NEW),
        (f"{NEW};q=0", OLD),
        ("text/html, image/png", OLD),
        (f"{NEW};q=much", OLD),
        (";;,,q=1;", OLD),
    ],
)
def test_preferred(accept: str, expected: str) -> None:
    assert preferred(accept, (OLD, NEW)) == expected


@pytest.mark.parametrize(
    ("accept", "expected"), [("text/html,*/*", True), ("*/*", False), ("text/html;q=0", False), ("", False)]
)
def test_accepts(accept: str, expected: bool) -> None:
    assert accepts(accept, "text/html") is expected

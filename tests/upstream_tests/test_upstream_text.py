"""Numbers, strings and times as the two upstreams write them."""

import pytest

from tests.upstream import text


@pytest.mark.parametrize(
    ("value", "ruby", "go"),
    [
        (None, "null", "null"),
        (67, "67", "67"),
        (67.81, "67.81", "67.81"),
        (21000000.0, "21000000.0", "21000000"),
        (4.2e17, "4.2e+17", "420000000000000000"),
        (1e23, "1.0e+23", "1e+23"),
        (1.3e-08, "1.3e-08", "1.3e-8"),
        (3.84e-18, "3.84e-18", "3.84e-18"),
        (5e-05, "5.0e-05", "0.00005"),
    ],
)
def test_numbers(value: float | None, ruby: str, go: str) -> None:
    assert (text.ruby_number(value), text.go_number(value)) == (ruby, go)


def test_strings() -> None:
    assert text.string('S&P "<龙>"') == '"S\\u0026P \\"\\u003c龙\\u003e\\""'


def test_times() -> None:
    assert text.milliseconds(1_748_736_000_007) == "2025-06-01T00:00:00.007Z"
    assert text.seconds(1_748_736_000) == "2025-06-01T00:00:00Z"

"""Progress bars move while there is progress, wherever it began."""

import time

import pytest

from app.bars import Bars


def test_a_bar_that_begins_far_in_moves_on(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars(stay=True) as bars:
        for done in (800_000, 801_000, 802_000):
            bars.show("csv", done, 1_000_000)
            time.sleep(0.12)  # it is drawn ten times a second at most
        assert "802000/1000000" in capsys.readouterr().err


def test_a_count_becomes_a_bar_when_the_total_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars(stay=True) as bars:
        bars.show("csv", 0, None, "csv, reading")
        time.sleep(0.12)
        bars.show("csv", 50_000, None, "csv, reading")
        bars.show("csv", 0, 50_000)
        time.sleep(0.12)
        bars.show("csv", 1_000, 50_000)
        drawn = capsys.readouterr().err.split("\r")
    assert drawn[1].startswith("csv, reading")
    assert drawn[-1].startswith("csv ")
    assert "1000/50000" in drawn[-1]

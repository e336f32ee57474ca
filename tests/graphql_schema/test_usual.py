"""What is usual: properties of the statistics, whatever the figures."""

from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from graphql_schema.usual import FEWEST, Usual, change_percent, usual

figures = st.floats(0, 1e15)
pasts = st.lists(figures, min_size=FEWEST, max_size=30)
steps = st.floats(1e-3, 1e6)


def known(past: list[float], step: float) -> Usual:
    found = usual(past, step)
    assert found is not None
    return found


@given(st.lists(figures, max_size=FEWEST - 1), steps)
def test_a_few_figures_say_nothing(past: list[float], step: float) -> None:
    assert usual(past, step) is None


@given(pasts, steps)
def test_the_median_itself_and_the_smallest_step_are_usual(past: list[float], step: float) -> None:
    found = known(past, step)
    assert not found.is_unusual(median(past))
    assert not found.is_unusual(median(past) + step)


@given(pasts, steps)
def test_the_order_of_the_past_does_not_matter(past: list[float], step: float) -> None:
    assert known(past, step) == known(sorted(past), step) == known(sorted(past, reverse=True), step)


@given(pasts, steps, figures, figures)
def test_what_is_farther_out_is_not_more_usual(past: list[float], step: float, one: float, other: float) -> None:
    found = known(past, step)
    near, far = sorted((one, other), key=lambda figure: abs(figure - found.centre))
    assert found.is_unusual(far) or not found.is_unusual(near)


@given(st.lists(st.floats(0, 1e6), min_size=FEWEST, max_size=15), st.data())
def test_a_minority_of_wild_figures_hides_nothing(past: list[float], data: st.DataObject) -> None:
    wild = data.draw(st.lists(st.sampled_from([0.0, 1e12, 1e15]), max_size=(len(past) - 1) // 2))
    found = known([*past, *wild], 1.0)
    assert min(past) <= found.centre <= max(past)
    # The spread can't grow beyond what the honest figures span, so what lies far outside is still seen.
    width = max(max(past) - min(past), 1.0)
    assert found.is_unusual(max(past) + 6 * width)


@given(st.lists(st.integers(0, 10**6), min_size=FEWEST, max_size=30), st.integers(0, 10**7), st.sampled_from([2, 64]))
def test_the_unit_does_not_matter(past: list[int], figure: int, unit: int) -> None:
    # Powers of two, so that scaling is exact.
    scaled = known([each * unit for each in past], float(unit))
    assert scaled.is_unusual(figure * unit) == known([float(each) for each in past], 1.0).is_unusual(figure)


@given(st.integers(0, 10**9), st.integers(FEWEST, 30), st.integers(1, 1000))
def test_a_past_that_never_changed_forgives_small_steps_only(figure: int, runs: int, step: int) -> None:
    found = known([float(figure)] * runs, step)
    assert not found.is_unusual(figure + 3 * step)
    assert found.is_unusual(figure + 4 * step)
    assert found.is_unusual(figure - 4 * step)


@given(st.none() | figures, st.none() | figures)
def test_a_change_has_a_meaning_or_is_none(base: float | None, other: float | None) -> None:
    change = change_percent(base, other)
    if base is None or other is None:
        assert change is None
    elif base == other:
        assert change == 0
    elif base == 0:
        assert change is None
    else:
        assert change is not None
        assert (change > 0) == (other > base)


def test_changes() -> None:
    assert change_percent(200, 250) == 25
    assert change_percent(200, 0) == -100

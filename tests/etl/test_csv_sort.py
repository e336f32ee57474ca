"""The external sort gives every entry back, in key order, however little fits in memory."""

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.csv_format import sort as csv_sort
from etl.csv_format.sort import Entry, EntrySorter


def fill(sorter: EntrySorter, entries: Iterable[Entry]) -> None:
    supply = iter(entries)
    while sorter.fill(supply):
        for _ in sorter.spill():
            pass


def entry(key: str) -> Entry:
    return key, b"payload of " + key.encode(), None


@given(st.sets(st.text(max_size=6), max_size=60), st.integers(1, 7), st.integers(2, 4), st.integers(1, 5))
def test_gives_everything_back_in_order(keys: set[str], chunk: int, width: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch, EntrySorter(chunk_records=chunk, merge_width=width) as sorter:
        patch.setattr(csv_sort, "_BLOCK_RECORDS", block)
        fill(sorter, map(entry, keys))
        assert list(sorter) == [entry(key) for key in sorted(keys)]


def test_can_be_read_twice_side_by_side() -> None:
    with EntrySorter(chunk_records=3) as sorter:
        fill(sorter, (entry(f"{number * 7 % 100:03d}") for number in range(100)))
        both = list(zip(sorter, sorter, strict=True))
    assert len(both) == 100
    assert all(one == other for one, other in both)


def test_takes_no_more_than_a_chunk_at_a_time() -> None:
    taken = 0

    def supply() -> Iterator[Entry]:
        nonlocal taken
        for taken in range(1, 1000):
            yield entry(f"{taken:03d}")

    with EntrySorter(chunk_records=10) as sorter:
        assert sorter.fill(supply())
    assert taken == 10


def test_big_entries_make_a_chunk_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_sort, "CHUNK_BYTES", 50)
    with EntrySorter() as sorter:
        assert sorter.fill(iter([entry("a" * 30), entry("b")]))


def test_keeps_the_damage() -> None:
    with EntrySorter(chunk_records=1) as sorter:
        fill(sorter, [("b", b"\xff", "broken"), ("a", b"", None)])
        assert list(sorter) == [("a", b"", None), ("b", b"\xff", "broken")]

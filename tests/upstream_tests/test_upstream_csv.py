"""Generated CSV files."""

import csv
from pathlib import Path

from tests.upstream import csv_blocks, write_csv


def test_rows_are_complete_unique_and_repeatable(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in paths:
        write_csv(path, 2500, seed=3)
    rows = list(csv.DictReader(paths[0].read_text("utf-8").splitlines()))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len({row["external_id"] for row in rows}) == len(rows) == 2500
    assert all(None not in row and float(row["price_usd"]) > 0 for row in rows)
    assert any(row["max_supply"] == "" for row in rows)
    assert max(row["last_updated"] for row in rows) <= "2025-06-01T00:00:00Z"  # START


def test_it_streams() -> None:
    assert next(iter(csv_blocks(10**12))).startswith(next(iter(csv_blocks(1))))

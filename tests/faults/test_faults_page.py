"""docs/faults.md and the tests name each other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE))


def defined_in(file: Path) -> set[str]:
    return set(re.findall(r"^(?:async )?def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_test_that_is_named_exists() -> None:
    assert {(file, test) for file, test in NAMED if test not in defined_in(ROOT / file)} == set()


def test_every_fault_that_is_tested_is_named() -> None:
    files = [file for file in Path(__file__).parent.glob("test_*.py") if file != Path(__file__)]
    found = {(file.relative_to(ROOT).as_posix(), test) for file in files for test in defined_in(file)}
    assert found - NAMED == set()


def test_no_row_is_without_a_test_or_a_reason() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| fault")]
    before, _, _ = PAGE.partition("## Without a test")
    assert len(rows) > 40
    assert [row for row in rows if row in before and "`tests/" not in row] == []
    assert all(len(row.split("|")) >= 4 for row in rows)

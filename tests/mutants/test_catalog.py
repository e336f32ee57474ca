"""Every mutant still fits the code it is made from; `make mutants` sees whether its test turns red."""

from pathlib import Path

import pytest

from tests.mutants.catalog import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_applies_and_names_a_test(mutant: Mutant) -> None:
    for edit in mutant.edits:
        mutated = edit.applied_to((ROOT / edit.path).read_text(encoding="utf-8"))
        compile(mutated, edit.path, "exec")
    file, _, test = mutant.test.partition("::")
    assert f"def {test.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8")

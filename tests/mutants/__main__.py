"""`python -m tests.mutants`: take each safeguard out and see its test turn red. Exit code 1 if one is not missed."""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.catalog import MUTANTS, DoesNotApply, Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("app", "db", "etl", "graphql_schema", "tests")
PATIENCE_SECONDS = 600
GREEN, RED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", metavar="WORD", default="", help="only mutants whose name holds this")
    options = parser.parse_args(arguments)
    mutants = [mutant for mutant in MUTANTS if options.only in mutant.name]
    with tempfile.TemporaryDirectory() as folder:
        untouched = _copy(Path(folder) / "untouched")
        if _verdict(untouched, *sorted({mutant.test for mutant in mutants})) != GREEN:
            sys.stdout.write("the named tests are not green to begin with\n")
            return 1
        caught = [_try(mutant, Path(folder) / str(n)) for n, mutant in enumerate(mutants)]
    return 0 if mutants and all(caught) else 1


def _try(mutant: Mutant, folder: Path) -> bool:
    """Print and return whether the mutant's test turned red."""
    began = time.monotonic()
    try:
        for edit in mutant.edits:
            edit.apply(folder if folder.exists() else _copy(folder))
        code = _verdict(folder, mutant.test)
        word = {RED: "caught", GREEN: "SURVIVED"}.get(code, f"BROKEN (pytest ended with {code})")
    except DoesNotApply as problem:
        code, word = GREEN, f"DOES NOT APPLY: {problem}"
    shown = mutant.test.removeprefix("tests/")
    sys.stdout.write(f"{word:<9} {time.monotonic() - began:4.0f} s  {mutant.name:<50}  {shown}\n")
    sys.stdout.flush()
    return code == RED


def _verdict(root: Path, *tests: str) -> int:
    """pytest's exit code for these tests: 0 all green, 1 some red, anything else neither."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    ended = subprocess.run(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE_SECONDS, check=False
    )
    if ended.returncode > RED:
        sys.stdout.write(ended.stdout.decode("utf-8", "replace")[-2000:])
    return ended.returncode


def _copy(folder: Path) -> Path:
    """The repository's code, without what is made from it."""
    folder.mkdir()
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


if __name__ == "__main__":
    sys.exit(main())

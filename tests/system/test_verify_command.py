"""`kasparro verify` as people and scripts run it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.processes import run

SECRET = "CG-a-secret-of-ours"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """A database that one run of the bundled file has filled."""
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/k.sqlite3", "ETL_SOURCES": "csv", "COINGECKO_API_KEY": SECRET}
    assert run(["etl", "run", "csv"], tmp_path, **settings).returncode == 0
    return settings


def spoil(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "k.sqlite3")) as connection, connection:
        connection.execute(statement)


def test_a_line_for_each_invariant_and_exit_code_0(settings: dict[str, str], tmp_path: Path) -> None:
    result = run(["verify"], tmp_path, **settings)
    assert result.returncode == 0, result.stdout
    *lines, verdict = result.stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [[str(number), "ok", "0"] for number in range(1, 22)]
    assert "all hold" in verdict
    assert "\x1b" not in result.stdout


def test_json_says_the_same_to_machines(settings: dict[str, str], tmp_path: Path) -> None:
    report = json.loads(run(["verify", "--json"], tmp_path, **settings).stdout)
    assert report.keys() == {"ok", "checked_at", "seconds", "invariants"}
    assert report["ok"] is True
    assert [found["number"] for found in report["invariants"]] == list(range(1, 22))
    assert report["invariants"][0].keys() == {"number", "name", "violations", "sample", "seconds"}


def test_a_violation_is_exit_code_1_with_a_sample(settings: dict[str, str], tmp_path: Path) -> None:
    spoil(tmp_path, "UPDATE etl_checkpoints SET position = position - 1")
    result = run(["verify"], tmp_path, **settings)
    assert result.returncode == 1
    assert "FAIL" in result.stdout
    assert "last_record_id=" in result.stdout
    assert "broken: 8" in result.stdout
    report = json.loads(run(["verify", "--json"], tmp_path, **settings).stdout)
    [found] = [found for found in report["invariants"] if found["violations"]]
    assert (report["ok"], found["number"], found["violations"]) == (False, 8, 1)
    assert found["sample"][0]["source"] == "csv"


def test_a_secret_is_reported_and_never_printed(settings: dict[str, str], tmp_path: Path) -> None:
    spoil(tmp_path, f"UPDATE etl_runs SET error = 'the key {SECRET} was refused', run_finished_at = NULL")
    for arguments in (["verify"], ["verify", "--json"]):
        result = run(arguments, tmp_path, **settings)
        assert result.returncode == 1
        assert "COINGECKO_API_KEY" in result.stdout
        assert SECRET not in result.stdout + result.stderr


def test_nothing_is_created_where_there_is_no_database(tmp_path: Path) -> None:
    result = run(["verify"], tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/none/none.sqlite3")
    assert (result.returncode, "Traceback" in result.stderr) == (1, False)
    assert "kasparro db upgrade" in result.stderr
    assert not (tmp_path / "none" / "none.sqlite3").exists()


def test_a_wrong_setting_is_exit_code_2(tmp_path: Path) -> None:
    result = run(["verify"], tmp_path, DATABASE_URL="oracle://nowhere")
    assert (result.returncode, "DATABASE_URL" in result.stderr) == (2, True)


def test_the_help_teaches(tmp_path: Path) -> None:
    result = run(["verify", "--help"], tmp_path)
    assert "Exit codes" in result.stdout
    assert "--json" in result.stdout

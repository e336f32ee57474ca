"""`kasparro export` as people and scripts run it."""

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.system.processes import environment, run

ODD = '=cmd|"x",\n\u00e9'


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> dict[str, str]:
    """Two sources; 12,000 assets of one, with a point each, so that several parts are written."""
    path = tmp_path / "k.sqlite3"
    shutil.copy(sqlite_template, path)
    at = "2025-01-20T10:36:06.480000Z"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO etl_windows (id, source, mode, state, opened_at) VALUES (1, 'csv', 'full', 'closed', ?)", (at,)
        )
        connection.execute(
            "INSERT INTO etl_runs (id, source, mode, trigger, status, window_id, requested_at)"
            " VALUES (1, 'csv', 'full', 'cli', 'success', 1, ?)",
            (at,),
        )
        connection.executemany(
            "INSERT INTO assets (id, source, external_id, symbol, name, price_usd, external_id_folded, symbol_folded,"
            " name_folded, record_id, run_id, window_id, first_seen_at, updated_at)"
            " VALUES (?, ?, ?, 'S', ?, ?, '', '', '', 'r', 1, 1, ?, ?)",
            [(n, ("csv", "coingecko")[n == 1], f"c{n}", ODD, n / 3, at, at) for n in range(1, 12_001)],
        )
        connection.executemany(
            "INSERT INTO asset_history (asset_id, at, price_usd, record_id, run_id, recorded_at)"
            " VALUES (?, ?, ?, 'r', 1, ?)",
            [(n, at, n / 3, f"2025-01-{20 + n % 2}T00:00:00.000000Z") for n in range(1, 12_001)],
        )
    return {"DATABASE_URL": f"sqlite:///{path}"}


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("k.sqlite3"))


def test_csv_by_the_ending_of_the_file(settings: dict[str, str], tmp_path: Path) -> None:
    result = run(["export", "assets", "-o", "a.csv"], tmp_path, **settings)
    assert result.returncode == 0, result.stderr
    assert "12,000 rows of assets to a.csv" in result.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_bytes().decode(), newline="")))
    assert [float(row["price_usd"]) for row in rows] == [n / 3 for n in range(1, 12_001)]
    assert (rows[0]["name"], rows[0]["rank"], rows[0]["updated_at"]) == (ODD, "", "2025-01-20T10:36:06.480000Z")
    assert left_in(tmp_path) == ["a.csv"]


def test_ndjson_on_standard_output_with_filters(settings: dict[str, str], tmp_path: Path) -> None:
    asked = ["export", "history", "--format", "ndjson", "--source", "csv", "--since", "2025-01-21"]
    result = run(asked, tmp_path, **settings)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["external_id"] for row in rows] == [f"c{n}" for n in range(3, 12_001, 2)]
    assert rows[0] == {
        "source": "csv", "external_id": "c3", "at": "2025-01-20T10:36:06.480000Z", "price_usd": 1.0,
        "market_cap_usd": None, "volume_24h_usd": None, "rank": None, "recorded_at": "2025-01-21T00:00:00Z",
        "run_id": 1, "record_id": "r",
    }  # fmt: skip


def test_parquet_with_types(settings: dict[str, str], tmp_path: Path) -> None:
    result = run(["export", "assets", "-o", "a.parquet", "--json"], tmp_path, **settings)
    said = json.loads(result.stdout)
    assert said | {"seconds": 0} == {
        "table": "assets", "format": "parquet", "output": "a.parquet", "rows": 12_000, "seconds": 0,
    }  # fmt: skip
    found = parquet.read_table(tmp_path / "a.parquet")
    assert found.column("price_usd").to_pylist() == [n / 3 for n in range(1, 12_001)]
    assert found.column("updated_at")[0].as_py() == datetime(2025, 1, 20, 10, 36, 6, 480000, tzinfo=UTC)
    assert found.column("rank").null_count == 12_000


def test_parquet_without_pyarrow_says_what_to_install(settings: dict[str, str], tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['pyarrow'] = None; from app.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", hidden, "export", "assets", "-o", "a.parquet"],
        env=environment(**settings), cwd=tmp_path, text=True, capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "pip install 'kasparro[parquet]'" in result.stderr
    assert left_in(tmp_path) == []


def test_a_failure_leaves_the_older_file_as_it_was(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("older")
    with closing(sqlite3.connect(tmp_path / "k.sqlite3")) as connection, connection:
        connection.execute("UPDATE assets SET updated_at = 'no time' WHERE id = 9000")
    result = run(["export", "assets", "-o", "a.csv"], tmp_path, **settings)
    assert result.returncode == 1
    assert (tmp_path / "a.csv").read_text() == "older"
    assert left_in(tmp_path) == ["a.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["assets", "--format", "parquet"], 2, "add --output FILE.parquet"),
        (["assets", "-o", "missing/a.csv"], 1, "missing/a.csv: No such file or directory; choose another --output"),
        (["assets", "-o", "."], 1, "not an ordinary file"),
        (["assets", "--since", "yesterday"], 2, "2025-01-20"),
        (["prices"], 2, "assets"),
    ],
)
def test_mistakes_are_told(
    settings: dict[str, str], tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    result = run(["export", *arguments], tmp_path, **settings)
    assert result.returncode == code
    assert told in " ".join(result.stderr.split())


def test_a_mistyped_database_is_not_made(tmp_path: Path) -> None:
    result = run(["export", "assets"], tmp_path, DATABASE_URL="sqlite:///mistyped.sqlite3")
    assert (result.returncode, result.stdout) == (1, "")
    assert "kasparro db upgrade" in result.stderr
    assert left_in(tmp_path) == []


def test_a_link_stays_a_link(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "latest.csv").symlink_to("a.csv")
    assert run(["export", "assets", "-o", "latest.csv"], tmp_path, **settings).returncode == 0
    assert (tmp_path / "latest.csv").is_symlink()
    assert (tmp_path / "a.csv").read_bytes().startswith(b"id,source")


def test_a_reader_who_has_seen_enough_ends_it_quietly(settings: dict[str, str], tmp_path: Path) -> None:
    command = f"{sys.executable} -c 'from app.cli import main; main()' export assets | head -1"
    result = subprocess.run(
        command, shell=True, env=environment(**settings), cwd=tmp_path, text=True, capture_output=True, timeout=30,
        check=False,
    )  # fmt: skip
    assert result.stdout.startswith("id,source,external_id,symbol")
    assert result.stderr == ""

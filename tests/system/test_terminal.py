"""What a person at a terminal sees."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system import processes

pty, fcntl, termios = (
    pytest.importorskip(name, reason="Windows has no such terminals") for name in ("pty", "fcntl", "termios")
)
SQLITE = "sqlite:///terminal.sqlite3"


def seen(arguments: list[str], folder: Path, **settings: str) -> list[str]:
    """What `kasparro ARGUMENTS` writes to a terminal, a line for each; bars write theirs again and again."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    command = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
    with subprocess.Popen(
        command,
        env=processes.environment(DATABASE_URL=SQLITE, **settings),
        cwd=folder,
        stdin=its,
        stdout=its,
        stderr=its,
    ):
        os.close(its)
        written = b""
        try:
            while part := os.read(ours, 65536):
                written += part
        except OSError:
            pass  # how Linux says that nobody has the terminal any more
        os.close(ours)
    return [line.strip() for line in written.decode().replace("\r", "\n").splitlines() if line.strip()]


def test_a_run_shows_how_far_it_is_and_then_what_came_of_it(tmp_path: Path) -> None:
    lines = seen(["etl", "run", "csv"], tmp_path)
    assert lines[0].startswith("csv, reading")
    assert "40/40" in lines[-2]
    assert lines[-1].startswith("csv: success, 40 records")


def test_a_run_that_goes_on_says_from_where(tmp_path: Path) -> None:
    seen(["etl", "run", "csv"], tmp_path, ETL_BATCH_SIZE="10", ETL_FAIL_AFTER_N_RECORDS="20")
    lines = seen(["etl", "run", "csv"], tmp_path)
    assert any("Resuming from checkpoint" in line for line in lines)
    assert lines[-1].startswith("csv: success")


def test_the_state_of_the_sources_is_a_table(tmp_path: Path) -> None:
    seen(["etl", "run", "csv"], tmp_path)
    headings, *rows = seen(["etl", "status"], tmp_path)
    assert headings.split()[:3] == ["SOURCE", "SCHEDULE", "ASSETS"]
    csv = next(row for row in rows if row.startswith("csv"))
    assert csv.split()[:5] == ["csv", "1h", "40", "success", "40"]
    assert csv.index("1h") == headings.index("SCHEDULE")


def test_an_export_leaves_no_bar(tmp_path: Path) -> None:
    seen(["etl", "run", "csv"], tmp_path)
    lines = seen(["export", "assets", "--output", "assets.csv"], tmp_path)
    assert lines[0].startswith("assets")
    assert lines[-1].startswith("40 rows of assets to assets.csv")

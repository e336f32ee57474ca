"""Running the scripts beside this file in Node, with the packages of package-lock.json.

Packages are installed once for each state of the lock file, outside of the sources. Where Node or the registry is
missing, tests are skipped and say so; in CI they fail.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import pytest

HERE = Path(__file__).parent
INSTALL_SECONDS = 240
SCRIPT_SECONDS = 50


def packages() -> Path:
    """The installed node_modules. Skips the test (in CI: fails it) when they cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        _missing("node and npm are not installed")
    lock = (HERE / "package-lock.json").read_bytes()
    installed = HERE.parents[1] / ".pytest_cache" / "clients" / hashlib.sha256(lock).hexdigest()[:16]
    if not installed.exists():
        installed.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=installed.parent))
        try:
            _install(folder)
            # Whole or not at all, whoever else installs at the same time.
            with contextlib.suppress(OSError):
                folder.rename(installed)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return installed / "node_modules"


def run(folder: Path, script: str, *arguments: str) -> Any:
    """What the script prints, in JSON; `folder` is an empty place to run it in."""
    shutil.copytree(HERE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "node_modules").symlink_to(packages(), target_is_directory=True)
    return json.loads(_output(["node", script, *arguments], folder))


def run_tool(folder: Path, *arguments: str) -> str:
    """What a program of a package prints."""
    (folder / "node_modules").symlink_to(packages(), target_is_directory=True)
    return _output(["node", *arguments], folder)


def _output(command: list[str], folder: Path) -> str:
    # Without the environment: a proxy named there is not for this machine.
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=SCRIPT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
    command = [str(shutil.which("npm")), "ci", "--ignore-scripts"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        _missing("npm did not finish in time")
    if done.returncode:
        _missing(f"npm cannot install the packages: {done.stderr.strip().splitlines()[:1]}")


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)

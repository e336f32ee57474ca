"""What the console asks the graph for, and what its first load weighs. No browser is needed."""

import gzip
import re
from pathlib import Path

import pytest
from graphql import GraphQLError, build_schema, parse, validate

from app.web.pages import FOLDER

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "ui" / "src" / "console"
SCHEMA = build_schema((ROOT / "graphql_schema" / "schema.graphql").read_text("utf-8"))
FIRST_LOAD_BYTES = 150_000

_DOCUMENT = re.compile(r"graphql\(\s*`([^`]*)`")
_SPREAD = re.compile(r"\.\.\.(\w+)")
_FRAGMENT = re.compile(r"\s*fragment (\w+) on")


def documents() -> list[str]:
    """Every document in the console's sources."""
    sources = (path.read_text("utf-8") for path in sorted(CONSOLE.rglob("*.ts*")))
    return [document for source in sources for document in _DOCUMENT.findall(source)]


DOCUMENTS = documents()
FRAGMENTS = {found[1]: text for text in DOCUMENTS if (found := _FRAGMENT.match(text))}
OPERATIONS = {text.split()[1].partition("(")[0]: text for text in DOCUMENTS if not _FRAGMENT.match(text)}


def whole(document: str) -> str:
    """A document with the fragments that it spreads, and those that they spread."""
    needed: dict[str, str] = {}
    wanted = _SPREAD.findall(document)
    while wanted:
        name = wanted.pop()
        if name in FRAGMENTS and name not in needed:
            needed[name] = FRAGMENTS[name]
            wanted += _SPREAD.findall(FRAGMENTS[name])
    return "\n".join([document, *needed.values()])


def mistakes(document: str) -> list[GraphQLError]:
    return validate(SCHEMA, parse(whole(document)))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_graph_has_what_the_console_asks_for(operation: str) -> None:
    assert mistakes(OPERATIONS[operation]) == []


def test_what_the_graph_lacks_would_be_noticed() -> None:
    assert len(OPERATIONS) > 20
    assert mistakes("query { runs { nodes { ...RunFields colour } } }")


def test_the_first_load_is_light() -> None:
    page = FOLDER / "console.html"
    if not page.exists():
        pytest.skip("the pages are not built: make pages")
    scripts = re.findall(r'(?:src|href)="\./(static/[^"]+\.js)"', page.read_text("utf-8"))
    assert scripts
    assert sum(len(gzip.compress((FOLDER / script).read_bytes())) for script in scripts) < FIRST_LOAD_BYTES

"""The printed schema: checked in, fully described, and true to what clients were promised."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLEnumType, build_schema

import graphql_schema
from graphql_schema import compatibility
from graphql_schema.schema import print_sdl

FILE = Path(graphql_schema.__path__[0]) / "schema.graphql"
# The public surface, names and types only. Adding is fine; renaming or retyping is not.
PROMISED = Path(__file__).with_name("promised.graphql")
OLD = """
interface Node { id: ID! }
type Query { assets(first: Int = 5): [Asset] find(filter: Filter): Asset }
type Asset implements Node { id: ID! symbol: String! priceUsd: Float raw: Int rank: Float }
input Filter { eq: Int way: Direction = ASC }
enum Direction { ASC DESC }
"""

OURS = build_schema(print_sdl())


def test_the_file_beside_the_code_is_the_printed_schema() -> None:
    assert FILE.read_text("utf-8") == print_sdl()


def test_what_was_promised_is_served() -> None:
    assert compatibility.broken(PROMISED.read_text("utf-8"), print_sdl()) == []


@pytest.mark.parametrize(
    ("line", "instead", "named"),
    [
        ("priceUsd: Float", "", "Asset.priceUsd was removed"),
        ("priceUsd: Float", "priceUsd: Int", "Asset.priceUsd changed type from Float to Int"),
        ("symbol: String!", "symbol: String", "Asset.symbol changed type from String! to String"),
        ("raw: Int", "raw(depth: Int!): Int", "Asset.raw(depth:)"),
        ("(first: Int = 5)", "(first: Int = 6)", "Query.assets(first:) has changed defaultValue from 5 to 6"),
        ("(first: Int = 5)", "", "Query.assets(first:) was removed"),
        ("DESC", "", "Direction.DESC was removed"),
        (" implements Node", "", "Asset no longer implements interface Node"),
        ("eq: Int", "eq: Int!", "Filter.eq changed type from Int to Int!"),
        ("= ASC", "= DESC", "Filter.way has changed defaultValue from ASC to DESC"),
    ],
)
def test_what_breaks_clients_is_named(line: str, instead: str, named: str) -> None:
    assert OLD.count(line) == 1
    [change] = compatibility.broken(OLD, OLD.replace(line, instead))
    assert named in change


def test_growing_breaks_nobody() -> None:
    grown = OLD.replace("DESC", "DESC RANDOM").replace("symbol", "name: String symbol").replace("5)", "5, last: Int)")
    assert compatibility.broken(OLD, grown) == []


def test_the_command_names_what_breaks_and_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compatibility.main() == 0
    released = tmp_path / "released.graphql"
    released.write_text(print_sdl().replace("type Stats {", "type Stats {\n  oldest: Int"))
    monkeypatch.setattr(compatibility, "RELEASED", released)
    assert compatibility.main() == 1
    assert capsys.readouterr().err.startswith("- Field Stats.oldest was removed.\n\nClients of the last release")


def test_everything_is_described() -> None:
    bare = []
    for name, kind in OURS.type_map.items():
        if name.startswith("__") or name in {"ID", "Int", "Float", "String", "Boolean"}:
            continue
        parts = {name: kind, **{f"{name}.{key}": part for key, part in _parts(kind).items()}}
        bare += [key for key, part in parts.items() if not part.description]
    assert bare == []


def _parts(kind: Any) -> dict[str, Any]:
    if isinstance(kind, GraphQLEnumType):
        return dict(kind.values)
    fields = getattr(kind, "fields", {})
    arguments = {
        f"{key}({a})": argument for key, field in fields.items() for a, argument in getattr(field, "args", {}).items()
    }
    return {**fields, **arguments}

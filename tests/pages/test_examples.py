"""The playground's examples are of this graph: each is valid, and what it asks for is there."""

from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationType, build_schema, get_operation_ast, parse, validate

from tests.pages.service import Service

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "ui/src/playground/queries").glob("*.graphql"))
QUERIES = [path for path in EXAMPLES if "\nquery " in path.read_text("utf-8")]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "graphql_schema/schema.graphql").read_text("utf-8"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_is_valid_and_runs_without_variables(schema: GraphQLSchema, path: Path) -> None:
    document = parse(path.read_text("utf-8"))
    assert not validate(schema, document)
    operation = get_operation_ast(document)
    assert operation
    assert not [variable for variable in operation.variable_definitions or () if variable.type.kind == "non_null_type"]


def test_there_is_one_of_every_kind() -> None:
    operations = [get_operation_ast(parse(path.read_text("utf-8"))) for path in EXAMPLES]
    assert {operation.operation for operation in operations if operation} == set(OperationType)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_finds_something(running: Service, path: Path) -> None:
    [answer] = [value for name, value in running.ask(path.read_text("utf-8")).items() if name != "health"]
    assert answer if isinstance(answer, list) else answer["nodes"]

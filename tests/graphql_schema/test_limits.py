"""Limits: documents that ask for too much are refused before anything is executed, and quickly."""

import time

import pytest
from graphql import get_introspection_query

from graphql_schema.schema import build_schema
from tests.graphql_schema.fakes import Graph


async def refused(graph: Graph, query: str) -> str:
    """Why the document was refused."""
    start = time.perf_counter()
    _, errors = await graph.answer(query)
    assert time.perf_counter() - start < 2
    assert {error["extensions"]["code"] for error in errors} <= {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}
    return " ".join(error["message"] for error in errors)


async def test_depth(offline: Graph) -> None:
    offline.schema = build_schema(max_depth=4)
    fits = "{ sources { lastRun { batches { totalCount } } } }"
    assert await refused(offline, fits.replace("totalCount", "nodes { seen }")) == "too much: depth is 5, at most 4"
    assert "depth" in await refused(
        offline, "{ sources { ...A } } fragment A on Source { lastRun { ... { batches { nodes { seen } } } } }"
    )
    assert await refused(offline, '{ sources { name } source(name: "x") { name } }') == ""


async def test_aliases_and_fields(offline: Graph) -> None:
    many = "{" + " ".join(f"a{n}: __typename" for n in range(51)) + "}"
    assert await refused(offline, many) == "too much: aliases is 51, at most 50"
    assert "fields is 1001" in await refused(offline, "{" + "__typename " * 1001 + "}")


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ health { status } }", 2),
        ("{ assets(first: 10) { nodes { id name } } }", 31),
        ("{ assets { totalCount nodes { id } } }", 151),
        ("query($n: Int) { assets(last: $n) { edges { node { id } } } }", 301),
        ("{ runs(first: 2) { nodes { batches(first: 5) { nodes { seen } } } } }", 25),
    ],
)
async def test_cost_is_the_number_of_fields_an_answer_can_have(offline: Graph, query: str, cost: int) -> None:
    offline.schema = build_schema(max_cost=cost - 1)
    assert await refused(offline, query) == f"too much: cost is {cost}, at most {cost - 1}"
    offline.schema = build_schema(max_cost=cost)
    _, errors = await offline.answer(query)
    assert not any("too much" in error["message"] for error in errors)


async def test_tokens(offline: Graph) -> None:
    assert "3000" in await refused(offline, "{" + "__typename " * 3001 + "}")


async def test_fragments_that_double_each_other(offline: Graph) -> None:
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(100))
    query = "{ ...F0 } " + fragments + " fragment F100 on Query { __typename }"
    assert "fields is" in await refused(offline, query)


async def test_fragments_in_a_circle(offline: Graph) -> None:
    assert "Cannot spread fragment" in await refused(
        offline, "{ ...A } fragment A on Query { ...B } fragment B on Query { sources { name } ...A }"
    )


@pytest.mark.parametrize("opening", ["{a", "{ assets(filter: {not: ", "{ nodes(ids: [", "query ($a: ["])
async def test_documents_that_open_without_end(offline: Graph, opening: str) -> None:
    deep = opening[-3:] if opening.startswith("{a") else opening[-1:]
    query = opening + deep * 2900
    start = time.perf_counter()
    assert await offline.codes(query) in (["GRAPHQL_PARSE_FAILED"], ["BAD_USER_INPUT"])
    assert time.perf_counter() - start < 2


async def test_introspection_can_be_switched_off(offline: Graph) -> None:
    query = "{ __schema { queryType { name } } }"
    assert await refused(offline, query) == ""
    offline.schema = build_schema(introspection=False)
    assert "introspection" in await refused(offline, query)
    assert await refused(offline, "{ __typename }") == ""


async def test_the_usual_introspection_query_fits_the_limits(offline: Graph) -> None:
    query = get_introspection_query(descriptions=True, specified_by_url=True, input_value_deprecation=True)
    assert await refused(offline, query) == ""


async def test_introspection_that_goes_round_in_circles(offline: Graph) -> None:
    around = "fields { type { " * 9 + "name" + " } }" * 9
    assert "depth is 20" in await refused(offline, f'{{ __type(name: "Run") {{ {around} }} }}')


@pytest.mark.parametrize("second", ["query B { health { status } }", "mutation B { cancelRun(id: 1) { run { id } } }"])
async def test_no_operation_is_guessed(offline: Graph, second: str) -> None:
    message = "the document holds 2 operations; say which one in operationName"
    assert await refused(offline, "query A { __typename } " + second) == message

"""Limits: documents that ask for too much are refused before anything is executed, and quickly."""

import time

import pytest
from graphql import get_introspection_query

from graphql_schema.limits import Limits
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
    offline.schema = build_schema(Limits(depth=4))
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
        ("{ assets(first: 10) { nodes { id name } } }", 22),
        ("{ assets { totalCount nodes { id } } }", 53),
        ("query($n: Int) { assets(last: $n) { edges { node { id } } } }", 102),
        ("{ runs(first: 2) { nodes { batches(first: 5) { nodes { seen } } } } }", 16),
    ],
)
async def test_cost_is_the_number_of_fields_an_answer_can_have(offline: Graph, query: str, cost: int) -> None:
    offline.schema = build_schema(Limits(cost=cost - 1))
    assert await refused(offline, query) == f"too much: cost is {cost}, at most {cost - 1}"
    offline.schema = build_schema(Limits(cost=cost))
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


async def test_directives(offline: Graph) -> None:
    offline.schema = build_schema(Limits(directives=3))
    four = "{ __typename @skip(if: false) ... @include(if: true) { ...F @skip(if: false) } }"
    assert await refused(offline, four + " fragment F on Query { __typename }") == ""
    assert "directives is 4, at most 3" in await refused(
        offline, four + " fragment F on Query { __typename @skip(if: false) }"
    )


async def test_bytes_count_wherever_they_are(offline: Graph) -> None:
    assert "100000" in await refused(offline, "{ __typename } #" + "x" * 100_000)
    assert "100000" in await refused(offline, '{ asset(id: "' + "x" * 100_000 + '") { id } }')


async def test_comments_count_like_tokens(offline: Graph) -> None:
    assert "3000" in await refused(offline, "{ __typename }\n" + "#\n" * 3001)


@pytest.mark.parametrize(
    "query",
    [
        "{" + "sources { name } " * 64 + "}",
        "{ ...A ...B } fragment A on Query {" + "health { status } " * 40 + "} fragment B on Query { ...A ...A }",
        # Few at each place, but all that is inside of them comes together.
        "{" + f"sources {{ {'lastRun { id } ' * 9} }} " * 9 + "}",
    ],
)
async def test_fields_that_must_be_compared_with_each_other(offline: Graph, query: str) -> None:
    assert "repeats" in await refused(offline, query)


async def test_many_fragments_that_each_spread_much(offline: Graph) -> None:
    names = " ".join(f"f{n}: __typename" for n in range(45)) + " __typename" * 60
    fragments = " ".join(f"fragment F{n} on Query {{ ...F }}" for n in range(150))
    query = f"{{ ...F }} fragment F on Query {{ {names} }} {fragments}"
    assert "fields of all definitions" in await refused(offline, query)


async def test_relay_asks_for_the_same_fields_in_many_fragments(offline: Graph) -> None:
    fragments = " ".join(f"fragment F{n} on Asset {{ __typename id name symbol }}" for n in range(25))
    spreads = " ".join(f"...F{n}" for n in range(25))
    query = f"{{ assets(first: 1) {{ edges {{ node {{ {spreads} }} }} }} }} {fragments}"
    assert await offline.codes(query) == ["SERVICE_UNAVAILABLE"]


@pytest.mark.parametrize(
    ("variables", "cost"),
    [
        ({"n": 7}, 9),
        ({"n": 7.0}, 9),
        ({"n": 1e300}, 102),
        ({"n": 7.5}, 52),
        ({"n": None}, 52),
        ({}, 5),
        ({"n": "many"}, 52),
        ({"n": 10**9}, 102),
    ],
)
async def test_a_page_size_in_a_variable_is_what_it_is(offline: Graph, variables: dict[str, object], cost: int) -> None:
    query = "query($n: Int = 3) { assets(first: $n) { nodes { id } } }"
    offline.schema = build_schema(Limits(cost=cost - 1))
    _, errors = await offline.answer(query, **variables)
    assert [error["message"] for error in errors] == [f"too much: cost is {cost}, at most {cost - 1}"]
    offline.schema = build_schema(Limits(cost=cost))
    _, errors = await offline.answer(query, **variables)
    assert not any("too much" in error["message"] for error in errors)


async def test_what_one_number_cost_says_nothing_about_another(offline: Graph) -> None:
    """The costs of a document are kept by its variables."""
    offline.schema = build_schema(Limits(cost=50))
    query = "query($n: Int) { assets(first: $n) { nodes { id } } }"
    assert await offline.codes(query, n=1.0) == ["SERVICE_UNAVAILABLE"]
    assert await offline.codes(query, n=100.0) == ["GRAPHQL_VALIDATION_FAILED"]


async def test_nodes_cost_as_many_as_are_asked_for(offline: Graph) -> None:
    offline.schema = build_schema(Limits(cost=9))
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    assert await offline.codes(query, ids=["x"] * 4) != ["GRAPHQL_VALIDATION_FAILED"]
    assert await offline.codes(query, ids=["x"] * 5) == ["GRAPHQL_VALIDATION_FAILED"]
    assert await offline.codes('{ nodes(ids: ["x", "x", "x", "x", "x"]) { __typename id } }') == [
        "GRAPHQL_VALIDATION_FAILED"
    ]


async def test_introspection_may_not_multiply(offline: Graph) -> None:
    deep = "{ __schema { types { fields { args { type { enumValues { name } inputFields { type { enumValues { name "
    assert "cost of introspection" in await refused(offline, deep + "} } } } } } } } }")
    tools = get_introspection_query()
    twice = tools.replace(
        "__schema {", "a: __schema { types { ...FullType } } b: __schema { types { ...FullType } } __schema {", 1
    )
    assert "cost of introspection" in await refused(offline, twice)


async def test_many_values_in_variables(offline: Graph) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert await offline.codes(query, ids=["x"] * 5000) == ["BAD_USER_INPUT"]
    offline.schema = build_schema(Limits(nesting=3))
    filtered = "query($f: AssetFilter) { assets(filter: $f) { totalCount } }"
    _, errors = await offline.answer(filtered, f={"not": {"rank": {"in": [1]}}})
    assert [error["message"] for error in errors] == ["the variables are nested too deeply: at most 3 levels"]

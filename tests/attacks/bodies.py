"""Request bodies meant to do harm: small to send, and dear to a server without limits."""

import json
from collections.abc import Mapping

_COINS = "assets(first: 100) { nodes { id "
_DEEP = 5000


def document(query: str, **variables: object) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def _chain(count: int, link: str, end: str) -> bytes:
    links = [link.format(next=n + 1) for n in range(count)]
    return document(
        "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ {body} }}" for n, body in enumerate([*links, end]))
    )


def _doubling(end: str) -> bytes:
    return _chain(60, "...F{next} ...F{next}", end)


def _circles(count: int) -> str:
    spreads = " ".join(f"...F{n}" for n in range(count))
    return " ".join(f"fragment F{n} on Query {{ {spreads} }}" for n in range(count))


def _variables(depth: int) -> bytes:
    nested = '{"not": ' * depth + "{}" + "}" * depth
    return b'{"query": "query($f: AssetFilter) { assets(filter: $f) { totalCount } }", "variables": {"f": %s}}' % (
        nested.encode()
    )


def _variable(kind: str, argument: str, value: str) -> bytes:
    query = f"query($v: {kind}) {{ assets({argument}) {{ totalCount }} }}"
    return f'{{"query": "{query}", "variables": {{"v": {value}}}}}'.encode()


def _filter(depth: int) -> str:
    return "{not: " * depth + "{}" + "}" * depth


DOCUMENTS: Mapping[str, bytes] = {
    "ten thousand aliases": document("{" + " ".join(f"a{n}: __typename" for n in range(10_000)) + "}"),
    "aliases of one dear field": document("{" + " ".join(f"a{n}: {_COINS} }} }}" for n in range(400)) + "}"),
    "the same field ten thousand times": document("{" + "__typename " * 10_000 + "}"),
    "the same field a thousand times": document("{" + "__typename " * 990 + "}"),
    "the same object again and again": document("{" + "health { status } " * 480 + "}"),
    "objects that come together": document("{" + f"sources {{ {'lastRun { id } ' * 30} }} " * 15 + "}"),
    "overlapping fragments": document(
        "{ ...A ...B } fragment A on Query {%s} fragment B on Query {%s}" % (("health { status } " * 200,) * 2)
    ),
    "a hundred levels": document("{ runs { nodes { asset: window " * 100 + "}" * 300),
    "rows of rows of rows": document(
        "{ assets(first: 100) { nodes { lastRun { batches(first: 100) { nodes { seen } } } "
        "history(first: 100) { nodes { at priceUsd marketCapUsd volume24hUsd rank } } } } }"
    ),
    "lists in lists": document("{ sources { lastRun { " * 12 + "id" + "} } }" * 12),
    "five thousand fields deep": document("{ a" * _DEEP + "}" * _DEEP),
    "braces without an end": document("{a" * _DEEP),
    "brackets without an end": document("{ nodes(ids: " + "[" * _DEEP),
    "list types without an end": document("query($a: " + "[" * _DEEP),
    "a filter of a hundred negations": document(f"{{ assets(filter: {_filter(100)}) {{ totalCount }} }}"),
    "a filter of a thousand negations": document(f"{{ assets(filter: {_filter(1000)}) {{ totalCount }} }}"),
    "a filter with a thousand branches": document(
        "{ assets(filter: {or: [" + "{rank: {eq: 1}}" * 250 + "]}) { totalCount } }"
    ),
    "variables of thirty levels": _variables(30),
    "variables of a thousand levels": _variables(1000),
    "variables of a hundred thousand levels": _variables(100_000),
    "fragments in a circle": document("{ ...F0 } " + _circles(1)),
    "thirty fragments that all spread each other": document("{ ...F0 } " + _circles(30)),
    "fragments that double": _doubling("__typename"),
    "fragments that double and hold nothing": _doubling("...Gone"),
    "a chain of fragments": _chain(450, "...F{next}", "__typename"),
    "inline fragments": document("{" + "... on Query { " * 1400 + "__typename" + "}" * 1401),
    "five thousand directives": document("{ __typename " + "@skip(if: false) " * 5000 + "}"),
    "a thousand unknown directives": document("{ __typename " + "@x" * 1000 + "}"),
    "five hundred operations": document(" ".join(f"query Q{n} {{ __typename }}" for n in range(500))),
    "a thousand unknown fields": document("{" + " ".join(f"assetz{n}" for n in range(990)) + "}"),
    "a field name of ninety thousand letters": document("{" + "a" * 90_000 + "}"),
    "a thousand variables": document("query(" + " ".join(f"$v{n}: Int" for n in range(700)) + ") { __typename }"),
    "a comment of a megabyte": document("{ __typename } #" + "x" * 900_000),
    "fifty thousand comments": document("#\n" * 50_000 + "{ __typename }"),
    "the schema in circles": document('{ __type(name: "Run") {' + "fields { type {" * 9 + "name" + "} }" * 9 + "} }"),
    "the schema multiplied": document(
        "{ __schema { types { fields { args { type { enumValues { name } inputFields { type { enumValues { name"
        "} } } } } } } } }"
    ),
    "the schema fifty times": document(
        "{" + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(400)) + "}"
    ),
    "a number of six thousand digits": document("{ assets(first: " + "9" * 6000 + ") { totalCount } }"),
    "a variable of six thousand digits": _variable("Int", "first: $v", "9" * 6000),
    "a float beyond all floats": document("{ assets(filter: {priceUsd: {gt: 1e999}}) { totalCount } }"),
    "a float of many digits": document("{ assets(filter: {priceUsd: {gt: 0." + "1" * 6000 + "}}) { totalCount } }"),
    "NaN": _variable("Float", "filter: {priceUsd: {gt: $v}}", "NaN"),
    "a zero byte": document('{ asset(source: "csv", externalId: "\\u0000") { id } }'),
    "a zero byte in a variable": document("query($q: String) { assets(search: $q) { totalCount } }", q="\0"),
    "half a surrogate pair": b'{"query": "{ assets(search: \\"\\ud800\\") { totalCount } }"}',
    "half a surrogate pair in a variable": _variable("String", "search: $v", '"\\ud800"'),
    "a surrogate in GraphQL's own escape": document('{ assets(search: "\\uD800") { totalCount } }'),
    "bytes that are no UTF-8": b'{"query": "{ __typename }\xff"}',
    "UTF-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "nothing": b"",
    "null": b"null",
    "a number": b"7",
    "a string": b'"{ __typename }"',
    "a list": b'[{"query": "{ __typename }"}]',
    "a batch of a thousand": b"[" + b",".join([document("{ __typename }")] * 1000) + b"]",
    "lists without an end": b"[" * 100_000,
    "objects without an end": b'{"query":' * 100_000,
    "a query that is a number": b'{"query": 7}',
    "a query that is a list": b'{"query": ["{ __typename }"]}',
    "variables that are a list": b'{"query": "{ __typename }", "variables": [1]}',
    "an operation name that is an object": b'{"query": "{ __typename }", "operationName": {}}',
    "extensions that are a string": b'{"query": "{ __typename }", "extensions": "x"}',
    "a hash that is none": b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": {"a": 1}}}}',
    "a body beyond the limit": document("{ __typename }", padding="x" * 1_100_000),
    "an id of ninety thousand letters": document("{ node(id: \"" + "A" * 90_000 + "\") { id } }"),
    "a cursor that is none": document('{ assets(after: "////") { nodes { id } } }'),
    "a search of ninety thousand letters": document('{ assets(search: "' + "bitcoin " * 10_000 + '") { totalCount } }'),
    "a search for what databases match with": document('{ assets(search: "%%%___***\\"\'; --") { totalCount } }'),
    "ids by the thousand": document("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["QXNzZXQ6MQ=="] * 4000),
    "sorted by everything": document(
        "{ assets(orderBy: [" + "{field: NAME, direction: DESC} " * 300 + "]) { nodes { id } } }"
    ),
}  # fmt: skip

"""Documents made up at random, of what plans know and what they do not, from a seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql_schema import ids

PLAIN = (
    "id", "source", "externalId", "symbol", "name", "rank", "priceUsd", "marketCapUsd", "volume24hUsd",
    "percentChange1h", "percentChange24h", "percentChange7d", "circulatingSupply", "totalSupply", "maxSupply",
    "athUsd", "athAt", "lastUpdated", "firstSeenAt", "updatedAt", "__typename",
)  # fmt: skip
OF_POINTS = ("at", "priceUsd", "marketCapUsd", "volume24hUsd", "rank", "recordedAt", "__typename")
OF_COINS = ("id", "slug", "symbol", "name", "rank", "priceUsd", "divergencePercent", "marketCapUsd", "__typename")
OF_MEMBERS = ("confidence", "evidence", "linkedBy", "fresh", "__typename")
OF_RUNS = (
    "id", "source", "mode", "trigger", "status", "recordsProcessed", "inserted", "updated", "unchanged", "stale",
    "missing", "quarantined", "total", "progressPercent", "injectedFailure", "error", "requestedAt", "startedAt",
    "finishedAt", "durationMs", "resumedAfter", "__typename",
)  # fmt: skip
OF_STATS = (
    "assetCount", "rawCount", "runCount", "succeeded", "failed", "recordsProcessed", "lastSuccessAt", "lastFailureAt",
    "__typename",
)  # fmt: skip
OF_RECORDS = ("id", "source", "recordId", "ingestedAt", "payload", "__typename")
UNPLANNED = ("raw { batch { seen } }", "lastRun { checkpointBefore { position } }", "batch { sequence }")
RUN_FILTERS = (
    '{source: {eq: "CSV"}}', "{status: [FAILED, RUNNING]}", "{status: []}", "{trigger: [MANUAL]}", "null",
    "{startedAt: {isNull: true}}", '{source: {contains: "sv"}, startedAt: {gte: "2025-01-20T10:00:00Z"}}',
)  # fmt: skip
COIN_ORDERS = (
    "[]", "[{field: RANK}]", "[{field: ID, direction: DESC}]", "[{field: PRICE_USD}, {field: NAME}]",
    "[{field: DIVERGENCE, direction: DESC}]",
)  # fmt: skip
COIN_FILTERS = (
    '{symbol: {eq: "Btc"}}', "{rank: {gt: 2, lte: 9}}", "{divergencePercent: {isNull: true}}", "{and: []}", "null",
    '{not: {slug: {contains: "1"}}}', "{or: [{priceUsd: {gte: 0.5}}, {rank: {isNull: true}}]}",
)  # fmt: skip
ORDERS = (
    "[]", "[{field: RANK}]", "[{field: RANK, direction: DESC}]", "[{field: NAME}]", "[{field: ID, direction: DESC}]",
    "[{field: PRICE_USD, direction: DESC}, {field: SYMBOL}]", "[{field: LAST_UPDATED}, {field: RANK}]",
    "[{field: MARKET_CAP_USD, direction: DESC}]",
)  # fmt: skip
FILTERS = (
    '{symbol: {eq: "Btc"}}', '{source: {eq: "csv"}}', "{rank: {gt: 2, lte: 9}}", "{rank: {isNull: true}}",
    '{not: {name: {contains: "coin"}}}', '{or: [{priceUsd: {gte: 0.5}}, {symbol: {startsWith: "c1"}}]}', "{and: []}",
    '{lastUpdated: {lt: "2025-01-20T10:40:00Z"}, marketCapUsd: {ne: 3}}', '{source: {in: ["csv", "x"]}}',
    "{rank: {eq: 99999999999}}", "{rank: {eq: null}}", '{externalId: {eq: "coin-3"}}', "{}", "null",
)  # fmt: skip
BAD_CURSORS = ("", "nonsense", "WyJhIl0")


@dataclass
class Document:
    """One document as it grows."""

    random: Random
    cursors: Mapping[str, Sequence[str]]
    fragments: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        body = self.selection([self.root for _ in range(self.random.choice((1, 1, 1, 2, 3)))])
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        return " ".join([f"query Q{declared} {body}", *self.fragments])

    def other_variables(self) -> dict[str, Any]:
        """Variables for the same document that decide otherwise."""
        return {name: self._other(value) for name, value in self.variables.items()}

    def _other(self, value: Any) -> Any:
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            return self.random.choice((1, 2, 4, 6, 100))
        for type_name in ("Asset", "Coin", "Run"):
            if isinstance(value, str) and ids.row_id(type_name, value) is not None:
                return ids.encode(type_name, self.random.randrange(1, 45))
        return value

    def maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def selection(self, makers: Sequence[Callable[[], str]], on: str = "Query") -> str:
        """A selection set of what these make, some of it in fragments, some of it twice."""
        parts = [self.directed(make()) for make in makers]
        if self.maybe(0.1):
            parts.append(self.random.choice(parts))
        if self.maybe(0.2) and len(parts) > 1:
            place = self.random.randrange(len(parts))
            parts[place] = self.in_fragment(parts[place:], on)
            del parts[place + 1 :]
        if self.maybe(0.1):
            parts.append("__typename")
        return f"{{ {' '.join(parts)} }}"

    def in_fragment(self, parts: Sequence[str], on: str) -> str:
        inside = f"{{ {' '.join(parts)} }}"
        if self.maybe(0.5):
            return self.directed(f"... {self.random.choice((f'on {on}', ''))} {inside}")
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {on} {inside}")
        return self.directed(f"...{name}")

    def directed(self, part: str) -> str:
        if not self.maybe(0.06):
            return part
        directive = self.random.choice(("@include", "@skip"))
        value = self.variable("Boolean!", self.maybe(0.5)) if self.maybe(0.5) else _literal(self.maybe(0.5))
        place = _end_of_head(part)
        return f"{part[:place]} {directive}(if: {value}) {part[place:]}"

    def variable(self, type_: str, value: Any) -> str:
        """A variable of this value: given, left to its default, or left out."""
        name = f"v{len(self.declared)}"
        given = self.random.choice((True, True, True, False))
        default = f" = {_literal(value)}" if not given or self.maybe(0.1) else ""
        self.declared.append(f"${name}: {type_}{default}")
        if given:
            self.variables[name] = value
        return f"${name}"

    def value(self, type_: str, value: Any) -> str:
        return self.variable(type_, value) if self.maybe(0.35) else _literal(value)

    def alias(self, name: str, chance: float = 0.25) -> str:
        return f"{self.random.choice('abc')}{self.random.randrange(100)}: {name}" if self.maybe(chance) else name

    def root(self) -> str:
        return self.random.choice(
            (self.assets, self.assets, self.assets, self.coins, self.asset, self.asset, self.coin, self.node, self.runs,
             self.run, self.stats, self.other)
        )()  # fmt: skip

    def stats(self) -> str:
        makers = [lambda: self.alias(self.random.choice(OF_STATS)) for _ in "123"]
        if self.maybe(0.1):
            makers.append(lambda: "sources { name }")
        return f"{self.alias('stats', 0.8)} {self.selection(makers, 'Stats')}"

    def other(self) -> str:
        return "checkpoints { position }" if self.maybe(0.2) else "__typename"

    def runs(self) -> str:
        arguments = self.page(self.cursors.get("runs", ()))
        if self.maybe(0.3):
            arguments.append(f"filter: {self.random.choice(RUN_FILTERS)}")
        return f"{self.alias('runs', 0.8)}{_in_parentheses(arguments)} {self.connection('Run', self.of_run)}"

    def run(self) -> str:
        global_id = self.random.choice((*[ids.encode("Run", self.random.randrange(1, 9))] * 5, "x"))
        return f"{self.alias('run', 0.8)}(id: {self.value('ID!', global_id)}) {self.of_run()}"

    def of_run(self) -> str:
        return self.selection([lambda: self.alias(self.random.choice(OF_RUNS)) for _ in "1234"], "Run")

    def of_record(self) -> str:
        makers = [lambda: self.alias(self.random.choice(OF_RECORDS)) for _ in "12"]
        if self.maybe(0.3):
            makers.append(lambda: f"{self.alias('run', 0.8)} {self.of_run()}")
        return self.selection(makers, "RawRecord")

    def assets(self) -> str:
        arguments = []
        order = self.random.choice(ORDERS) if self.maybe(0.7) else ""
        if order:
            arguments.append(f"orderBy: {order}")
        if self.maybe(0.25):
            arguments.append(f"filter: {self.random.choice(FILTERS)}")
        if self.maybe(0.08):
            arguments.append(f"search: {self.value('String', self.random.choice(('coin', 'b', '', None)))}")
        if self.maybe(0.04):
            arguments.append('asOf: "2030-01-01T00:00:00Z"')
        arguments += self.page(self.cursors.get(f"assets {order or '[]'}", ()))
        return f"{self.alias('assets', 0.8)}{_in_parentheses(arguments)} {self.connection('Asset', self.of_asset)}"

    def coins(self) -> str:
        arguments = []
        order = self.random.choice(COIN_ORDERS) if self.maybe(0.7) else ""
        if order:
            arguments.append(f"orderBy: {order}")
        if self.maybe(0.25):
            arguments.append(f"filter: {self.random.choice(COIN_FILTERS)}")
        if self.maybe(0.08):
            arguments.append(f"search: {self.value('String', self.random.choice(('coin', 'b', '', None)))}")
        arguments += self.page(self.cursors.get(f"coins {order or '[]'}", ()))
        return f"{self.alias('coins', 0.8)}{_in_parentheses(arguments)} {self.connection('Coin', self.of_coin)}"

    def connection(self, type_: str, of_node: Callable[[], str]) -> str:
        def nodes() -> str:
            return f"{self.alias('nodes')} {of_node()}"

        def edges() -> str:
            makers = [self.random.choice((lambda: "cursor", lambda: f"node {of_node()}")) for _ in "12"]
            return f"edges {self.selection(makers, f'{type_}Edge')}"

        makers = [self.random.choice((nodes, nodes, edges, self.page_info, self.total)) for _ in "12"]
        if self.maybe(0.3):
            makers.append(self.page_info)
        return self.selection(makers, f"{type_}Connection")

    def page(self, cursors: Sequence[str]) -> list[str]:
        found = []
        side = self.random.choice(("first", "last", "first", ""))
        if side:
            size = self.random.choice((1, 2, 3, 5, 7, 50, 100, None, 0 if self.maybe(0.2) else 4))
            found.append(f"{side}: {self.value('Int', size)}")
        if self.maybe(0.03):
            found.append(f"{'last' if side == 'first' else 'first'}: 2")
        for name in ("after", "before"):
            if self.maybe(0.3 if cursors else 0.1):
                known = self.random.choice(cursors) if cursors and self.maybe(0.85) else None
                cursor = known if known is not None else self.random.choice((*BAD_CURSORS, None))
                found.append(f"{name}: {self.value('String', cursor)}")
        return found

    def asset(self) -> str:
        number = self.random.randrange(1, 45)
        arguments = []
        by_id = self.maybe(0.6)
        if by_id:
            global_id = self.random.choice((*[ids.encode("Asset", number)] * 8, "x", "QXNzZXQ6MDE="))
            arguments.append(f"id: {self.value('ID', global_id)}")
        if not by_id or self.maybe(0.03):
            arguments += [f"source: {self.value('String', 'coingecko')}", f'externalId: "coin-{number}"']
        return f"{self.alias('asset', 0.8)}{_in_parentheses(arguments)} {self.of_asset()}"

    def coin(self) -> str:
        number = self.random.randrange(1, 45)
        global_id = self.random.choice((*[ids.encode("Coin", number)] * 8, "x", ids.encode("Asset", number)))
        by_id = f"id: {self.value('ID', global_id)}"
        by_slug = f"slug: {self.value('String', f'coin-{number}')}"
        arguments = [self.random.choice((by_id, by_slug))]
        if self.maybe(0.04):
            arguments.append('asOf: "2030-01-01T00:00:00Z"')
        return f"{self.alias('coin', 0.8)}{_in_parentheses(arguments)} {self.of_coin()}"

    def node(self) -> str:
        known = ids.encode(self.random.choice(("Asset", "Asset", "Coin", "Run")), self.random.randrange(1, 45))
        global_id = self.random.choice((known, known, known, ids.encode("RawRecord", 1001), "nonsense"))
        more = self.random.choice(
            ("", f"... on Coin {self.of_coin()}", "... on RawRecord { payload } ... { __typename }")
        )
        inside = f"... on Asset {self.of_asset()} ... on Run {self.of_run()} {more} id"
        return f"{self.alias('node', 0.8)}(id: {self.value('ID!', global_id)}) {{ {inside} }}"

    def page_info(self) -> str:
        names = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")
        makers = [lambda: self.alias(self.random.choice(names)) for _ in "12"]
        return f"pageInfo {self.selection(makers, 'PageInfo')}"

    def total(self) -> str:
        return self.alias("totalCount")

    def of_asset(self) -> str:
        makers: list[Callable[[], str]] = [self.plain for _ in range(self.random.randrange(1, 7))]
        if self.maybe(0.25):
            makers.append(self.history)
        if self.maybe(0.12):
            makers.append(lambda: f"{self.alias('coin', 0.8)} {self.of_coin()}")
        if self.maybe(0.15):
            makers.append(lambda: f"{self.alias('raw', 0.8)} {self.of_record()}")
        if self.maybe(0.15):
            makers.append(lambda: f"{self.alias('lastRun', 0.8)} {self.of_run()}")
        if self.maybe(0.04):
            makers.append(lambda: self.random.choice(UNPLANNED))
        return self.selection(makers, "Asset")

    def of_coin(self) -> str:
        makers = [lambda: self.alias(self.random.choice(OF_COINS)) for _ in range(self.random.randrange(1, 5))]
        if self.maybe(0.4):
            makers.append(lambda: f"{self.alias('assets', 0.8)} {self.of_member()}")
        return self.selection(makers, "Coin")

    def of_member(self) -> str:
        makers = [lambda: self.alias(self.random.choice(OF_MEMBERS)) for _ in "12"]
        if self.maybe(0.6):
            makers.append(lambda: f"{self.alias('asset', 0.8)} {self.of_asset()}")
        return self.selection(makers, "CoinAsset")

    def plain(self) -> str:
        return self.alias(self.random.choice(PLAIN))

    def history(self) -> str:
        arguments = self.page(()) if self.maybe(0.7) else []
        if self.maybe(0.3):
            arguments.append(f"interval: {self.random.choice(('ALL', 'HOUR', 'DAY', 'WEEK'))}")
        if self.maybe(0.2):
            arguments.append(f"from: {self.value('DateTime', '2025-01-20T11:00:00+00:00')}")
        if self.maybe(0.2):
            arguments.append('to: "2025-01-20T14:36:06.48Z"')
        names = [lambda: self.alias(self.random.choice(OF_POINTS)) for _ in range(self.random.randrange(1, 4))]
        makers = (
            lambda: f"nodes {self.selection(names, 'PricePoint')}",
            lambda: f"edges {{ cursor node {self.selection(names, 'PricePoint')} }}",
            self.page_info,
            self.total,
        )
        chosen = [self.random.choice(makers) for _ in "12"]
        return (
            f"{self.alias('history', 0.8)}{_in_parentheses(arguments)} {self.selection(chosen, 'PricePointConnection')}"
        )


def _end_of_head(part: str) -> int:
    """Where a field's or fragment's directives go: behind its arguments, before its selection."""
    depth = 0
    for place, character in enumerate(part):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "{" and not depth:
            return place
    return len(part)


def _in_parentheses(arguments: Sequence[str]) -> str:
    return f"({', '.join(arguments)})" if arguments else ""


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, int) else f'"{value}"'

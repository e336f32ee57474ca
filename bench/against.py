"""Serving, paired: in each round every server answers the same questions about the same assets, one after the other.

PostgreSQL holds the assets; Datasette, which knows SQLite alone, has them in a file.
"""

import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from bench.asking import Answered, ask
from bench.installed import NODE, PEERS, Installed
from bench.records import record
from bench.service import Service, running, serving

FIELDS = (
    "externalId symbol name rank priceUsd marketCapUsd volume24hUsd percentChange24h circulatingSupply athUsd"
)  # fmt: skip
NAMES = "externalId symbol name priceUsd"
POINT = "at priceUsd marketCapUsd volume24hUsd rank"
GRAPHILE_FIELDS, GRAPHILE_POINT = (
    each.replace("volume24hUsd", "volume24HUsd").replace("percentChange24h", "percentChange24H")
    for each in (FIELDS, POINT)
)
LISTED = 50
# `nested`: so many assets, each with so many of its points.
NESTED, POINTS = 10, 5
PREPARED = "limit: prepared bytes"
# As many different assets are asked for one by one; with more, a client's own time would count.
SINGLES = 500
_JSON = "application/json"


@dataclass(frozen=True)
class Server:
    """A server that can be asked: how to run it, where, and its query for each work; none where it has GET alone."""

    name: str
    run: Callable[[], AbstractContextManager[Service]]
    url: str
    queries: Mapping[str, str] = field(default_factory=dict)

    @property
    def works(self) -> Sequence[str]:
        return tuple(self.queries) or ("list",)

    def bodies(self, work: str, ids: Sequence[str]) -> list[bytes]:
        """The bodies to POST in turn."""
        if work not in self.queries:
            return []
        asked = [{"externalId": each} for each in ids] if work == "single" else [{}]
        return [json.dumps({"query": self.queries[work], "variables": each}).encode() for each in asked]


def servers(urls: dict[str, str], folder: Path, peers: Installed) -> list[Server]:
    """Every server that is there to be measured; `urls` are the two databases'."""
    ours = _queries(
        f"assets(first: {LISTED}, orderBy: {{field: RANK}}) {{ nodes {{ {FIELDS} }} }}",
        f'asset(source: "coingecko", externalId: $externalId) {{ {FIELDS} }}',
        f"assets(first: {NESTED}, orderBy: {{field: RANK}}) "
        f"{{ nodes {{ {NAMES} history(first: {POINTS}) {{ nodes {{ {POINT} }} }} }} }}",
    )
    plain = _queries(
        f"assets(first: {LISTED}) {{ {FIELDS} }}",
        f"asset(externalId: $externalId) {{ {FIELDS} }}",
        f"assets(first: {NESTED}) {{ {NAMES} history(first: {POINTS}) {{ {POINT} }} }}",
    )
    graphile = _queries(
        f"allAssets(first: {LISTED}, orderBy: [RANK_ASC]) {{ nodes {{ {GRAPHILE_FIELDS} }} }}",
        f'assetBySourceAndExternalId(source: "coingecko", externalId: $externalId) {{ {GRAPHILE_FIELDS} }}',
        f"allAssets(first: {NESTED}, orderBy: [RANK_ASC]) {{ nodes {{ {NAMES} "
        f"assetHistoriesByAssetId(first: {POINTS}, orderBy: [AT_ASC]) {{ nodes {{ {GRAPHILE_POINT} }} }} }} }}",
    )
    settings = {"ETL_SOURCES": "csv", "ETL_SCHEDULE_CSV": "off", "ETL_RUN_ON_STARTUP": "false"}
    python = {"DATABASE_URL": urls["postgresql"], "PYTHONPATH": str(PEERS)}
    uvicorn = ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "--no-access-log"]
    found = {
        **{
            f"ours {name}": Server(name, partial(serving, folder, **settings, **more), "/graphql", ours)
            for name, more in _our_ways(urls).items()
        },
        "rest": Server(
            "Kasparro on SQLite, /data", partial(serving, folder, **settings, DATABASE_URL=urls["sqlite"]),
            f"/data?limit={LISTED}&sort=rank",
        ),
        "strawberry-graphql": Server(
            "Strawberry", lambda: running([str(peers.python), *uvicorn, "strawberry_app:app"], folder, python),
            "/graphql", plain,
        ),
        "ariadne": Server(
            "Ariadne", lambda: running([str(peers.python), *uvicorn, "ariadne_app:app"], folder, python),
            "/graphql", plain,
        ),
        "postgraphile": Server(
            "PostGraphile",
            lambda: running(
                [str(NODE), "node_modules/.bin/postgraphile", "-C", "postgraphile.config.mjs"],
                peers.node_modules.parent,
                {"DATABASE_URL": urls["postgresql"], "GRAPHILE_ENV": "production", "NODE_ENV": "production"},
            ),
            "/graphql",
            graphile,
        ),
        "datasette": Server(
            "Datasette",
            lambda: running(
                [
                    str(peers.python), "-m", "datasette", "serve", urls["sqlite"].removeprefix("sqlite:///"),
                    "-h", "127.0.0.1", "-p", "{port}", "--setting", "suggest_facets", "0",
                ],
                folder, {},
            ),
            f"/bench/assets.json?_shape=array&_size={LISTED}&_sort=rank&{_columns()}",
        ),
    }  # fmt: skip
    return [server for name, server in found.items() if name not in peers.missing]


def _our_ways(urls: dict[str, str]) -> dict[str, dict[str, str]]:
    """On each database without a cache of answers; with one on PostgreSQL."""
    without = {"ANSWER_CACHE_BYTES": "0"}
    return {
        "Kasparro": {"DATABASE_URL": urls["postgresql"], **without},
        "Kasparro on SQLite": {"DATABASE_URL": urls["sqlite"], **without},
        "Kasparro, answers cached": {"DATABASE_URL": urls["postgresql"]},
    }


def ids(count: int) -> list[str]:
    """External ids of some of the first `count` records."""
    numbers = random.Random(1).sample(range(count), min(SINGLES, count))
    return [str(json.loads(record(number))["id"]) for number in numbers]


def measure(server: Server, size: int, seconds: float) -> dict[str, Answered]:
    """One round: everything that the server can be asked for."""
    with server.run() as service:
        found = {}
        for work in server.works:
            bodies = server.bodies(work, ids(size))
            url = service.url + server.url
            _check(url, bodies[0] if bodies else None, work)
            ask(url, bodies, service.process, seconds / 3)
            found[work] = ask(url, bodies, service.process, seconds)
        return found


def prepared(folder: Path, seconds: float) -> Answered:
    """The limit: the bytes of `list`, prepared."""
    rows = [json.loads(record(number)) for number in range(LISTED)]
    names = ("id", "symbol", "name", "market_cap_rank", "current_price", "market_cap", "total_volume",
             "price_change_percentage_24h", "circulating_supply", "ath")  # fmt: skip
    body = folder / "body.json"
    nodes = [{field: row[name] for field, name in zip(FIELDS.split(), names, strict=True)} for row in rows]
    body.write_text(json.dumps({"data": {"assets": {"nodes": nodes}}}, separators=(",", ":")))
    command = [sys.executable, "-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "--no-access-log"]
    environment = {"BODY": str(body), "PYTHONPATH": str(Path.cwd())}
    with running([*command, "bench.prepared:app"], folder, environment) as service:
        url = f"{service.url}/graphql"
        ask(url, [b"{}"], service.process, seconds / 3)
        return ask(url, [b"{}"], service.process, seconds)


def _check(url: str, body: bytes | None, work: str) -> None:
    """A server that answers nonsense quickly is not fast."""
    with httpx.Client(timeout=30.0) as client:
        headers = {"Content-Type": _JSON}
        answer = client.get(url) if body is None else client.post(url, content=body, headers=headers)
    assets, points = {"list": (LISTED, 0), "single": (1, 0), "nested": (NESTED, NESTED * POINTS)}[work]
    whole = answer.text.count('"symbol"') == assets and answer.text.count('"at"') == points
    if answer.status_code != 200 or "errors" in answer.json() or not whole:
        raise RuntimeError(f"{url} answered {answer.status_code}: {answer.text[:300]}")


def _columns() -> str:
    names = [
        "external_id",
        "symbol",
        "name",
        "rank",
        "price_usd",
        "market_cap_usd",
        "volume_24h_usd",
        "percent_change_24h",
    ]
    return "&".join(f"_col={name}" for name in (*names, "circulating_supply", "ath_usd"))


def _queries(listed: str, single: str, nested: str) -> dict[str, str]:
    return {
        "list": f"query {{ {listed} }}",
        "single": f"query($externalId: String!) {{ {single} }}",
        "nested": f"query {{ {nested} }}",
    }

"""The run that is killed: CoinGecko's three pages through HTTP client, call budget, staging and batches of two.

An earlier pass has stored some coins, so that every outcome occurs: inserted, updated, unchanged, stale and
quarantined. Ranks are not the order of keys, a coin is listed twice, and each process meets the rows of a page in
another order, as with a list that moves.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from db.calls import CallBudget
from db.engine import Database
from db.enums import RunMode, RunTrigger
from db.runs import Run
from etl.budget import CallGate
from etl.http import Upstream
from etl.runner import Runner
from etl.sources.coingecko import CoinGecko

SOURCE = CoinGecko.name
BATCH_SIZE = 2
BUDGET = CallBudget(per_minute=1000, per_month=10_000)
Pages = Sequence[Sequence[bytes]]


def coin(name: str, price: object, minute: int, rank: int) -> bytes:
    """One row of /coins/markets."""
    return msgspec.json.encode(
        {
            "id": name,
            "symbol": name[:3],
            "name": name.title(),
            "current_price": price,
            "market_cap": 1e9 / rank,
            "market_cap_rank": rank,
            "last_updated": f"2025-01-20T10:{minute:02d}:00Z",
        }
    )


EARLIER: Pages = (
    (coin("tether", 1.0, 10, 1), coin("bitcoin", 90.0, 5, 2)),
    (coin("ethereum", 30.0, 30, 3),),
)
PAGES: Pages = (
    (coin("tether", 1.0, 10, 1), coin("bitcoin", 100.0, 20, 2), coin("ethereum", 33.0, 20, 3)),
    (coin("solana", 5.0, 20, 4), coin("broken", "a lot", 20, 5), coin("cardano", 0.5, 20, 6)),
    (
        coin("dogecoin", 0.1, 20, 7),
        coin("bitcoin", 99.0, 19, 8),
        coin("avalanche", 7.0, 20, 9),
        coin("zcash", 3.0, 20, 10),
    ),
)
CALLS = len(PAGES) + 1
"""One call a page and one that finds the list at its end."""


async def ingest(url: str, pages: Pages) -> Run:
    """One run over `pages`, from opening the database to closing it, as `kasparro etl run coingecko` does it."""
    database = Database(url)
    try:
        return await ingest_into(database, pages)
    finally:
        await database.close()


async def ingest_into(database: Database, pages: Pages, *, reverse: bool = False) -> Run:
    """One run over `pages`; with `reverse` the rows of each page come in another order."""
    transport = httpx.MockTransport(_upstream(pages, reverse))
    async with httpx.AsyncClient(transport=transport) as client:
        return await runner(database, client).run_now(SOURCE, RunMode.INCREMENTAL, RunTrigger.CLI)


def runner(database: Database, client: httpx.AsyncClient) -> Runner:
    """A runner with CoinGecko behind `client`."""
    gate = CallGate(database, SOURCE, BUDGET)
    upstream = Upstream(client, "http://upstream.test", permit=gate.permit, observe=gate.observe)
    return Runner(database, {SOURCE: CoinGecko(upstream, 1000)}, batch_size=BATCH_SIZE)


def _upstream(pages: Pages, reverse: bool) -> Callable[[httpx.Request], httpx.Response]:
    numbered: Mapping[str, Sequence[bytes]] = {str(n): rows for n, rows in enumerate(pages, 1)}

    def answer(request: httpx.Request) -> httpx.Response:
        rows = list(numbered.get(request.url.params["page"], ()))
        if reverse:
            rows.reverse()
        return httpx.Response(200, content=b"[" + b",".join(rows) + b"]", headers=_JSON)

    return answer


_JSON: dict[str, Any] = {"content-type": "application/json"}

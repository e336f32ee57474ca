"""Every source, by name: one line adds one. Settings become plain arguments here."""

from collections.abc import Callable
from pathlib import Path

import httpx

import etl.sources
from app.config import Settings
from db.calls import CallBudget
from db.engine import Database
from etl.budget import CallGate
from etl.http import Upstream
from etl.sources.coingecko import CoinGecko
from etl.sources.coinpaprika import CoinPaprika
from etl.sources.csv_file import CsvSource
from etl.types import Source

COINGECKO_HOSTS = {
    "public": "https://api.coingecko.com/api/v3",
    "demo": "https://api.coingecko.com/api/v3",
    "pro": "https://pro-api.coingecko.com/api/v3",
}
COINGECKO_KEY_HEADERS = {"public": "x-cg-demo-api-key", "demo": "x-cg-demo-api-key", "pro": "x-cg-pro-api-key"}
COINGECKO_MINUTES = {"public": 5, "demo": 30, "pro": 500}
COINGECKO_MONTHS = {"public": None, "demo": 10_000, "pro": None}
COINPAPRIKA_FREE = "https://api.coinpaprika.com/v1"
COINPAPRIKA_PAID = "https://api-pro.coinpaprika.com/v1"
COINPAPRIKA_MONTHS = {False: 20_000, True: 400_000}
BUNDLED_CSV = Path(etl.sources.__file__).parent / "seed.csv"

Build = Callable[[Settings, Database, httpx.AsyncClient], Source]


def build_sources(settings: Settings, database: Database, client: httpx.AsyncClient) -> dict[str, Source]:
    """The enabled sources, in the order in which they are asked at start-up."""
    return {name: BUILDERS[name](settings, database, client) for name in settings.etl_sources}


def _coingecko(settings: Settings, database: Database, client: httpx.AsyncClient) -> Source:
    plan = settings.coingecko_api_plan
    key = settings.coingecko_api_key.reveal() if settings.coingecko_api_key else ""
    budget = CallBudget(
        settings.coingecko_calls_per_minute or COINGECKO_MINUTES[plan],
        settings.coingecko_calls_per_month or COINGECKO_MONTHS[plan],
    )
    gate = CallGate(database, CoinGecko.name, budget)
    upstream = Upstream(
        client,
        settings.coingecko_base_url or COINGECKO_HOSTS[plan],
        permit=gate.permit,
        observe=gate.observe,
        headers={COINGECKO_KEY_HEADERS[plan]: key} if key else {},
        secrets=(key,),
    )
    return CoinGecko(upstream, settings.coingecko_max_coins)


def _coinpaprika(settings: Settings, database: Database, client: httpx.AsyncClient) -> Source:
    key = settings.coinpaprika_api_key.reveal() if settings.coinpaprika_api_key else ""
    budget = CallBudget(
        settings.coinpaprika_calls_per_minute,
        settings.coinpaprika_calls_per_month or COINPAPRIKA_MONTHS[bool(key)],
    )
    authorization = f"{settings.coinpaprika_auth_scheme} {key}".strip()
    gate = CallGate(database, CoinPaprika.name, budget)
    upstream = Upstream(
        client,
        settings.coinpaprika_base_url or (COINPAPRIKA_PAID if key else COINPAPRIKA_FREE),
        permit=gate.permit,
        observe=gate.observe,
        headers={"Authorization": authorization} if key else {},
        secrets=(key,),
    )
    return CoinPaprika(upstream)


def _csv(settings: Settings, database: Database, client: httpx.AsyncClient) -> Source:
    return CsvSource(settings.csv_path or BUNDLED_CSV)


BUILDERS: dict[str, Build] = {
    "coingecko": _coingecko,
    "coinpaprika": _coinpaprika,
    "csv": _csv,
}

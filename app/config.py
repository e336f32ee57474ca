"""Settings: the environment (or `.env`) read once. Nobody else reads the environment.

Precedence: environment, then `.env` in the working directory, then the defaults here. An empty value counts as
unset, since that is what compose files pass for a variable nobody set. A wrong value stops the start and names
the variable.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app import environment, schedules
from app.environment import Secret, WrongVariables
from app.loopback import is_loopback
from app.source_names import SOURCES
from db.engine import parse_url

Count = Annotated[int, Meta(ge=1)]
CountOrNone = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0, le=3600)]


class ConfigurationError(Exception):
    """A setting has a value that cannot be used; the text names the variable. Exit code 2."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, with its default. Field names are the variables' names in lower case."""

    database_url: str = "sqlite:///data/kasparro.sqlite3"  # where everything is kept: sqlite or postgresql
    host: str = "127.0.0.1"  # address to serve on
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000  # port to serve on
    # Least severe line; default INFO, beside progress bars WARNING.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None = None
    log_format: Literal["auto", "json", "console"] = "auto"  # json, console, or auto: console on a terminal

    coingecko_api_key: Secret | None = None  # CoinGecko API key of the demo or pro plan
    # CoinGecko plan: decides host, key header and limits.
    coingecko_api_plan: Literal["public", "demo", "pro"] = "public"
    coingecko_base_url: str | None = None  # another CoinGecko address (proxy, replay)
    coingecko_max_coins: Annotated[int, Meta(ge=1, le=100_000)] = 1000  # how many coins by market cap to read
    coingecko_calls_per_minute: Count | None = None  # calls a minute; default by plan: public 5, demo 30, pro 500
    coingecko_calls_per_month: Count | None = None  # calls a month; default by plan: demo 10000, others unlimited
    coinpaprika_api_key: Secret | None = None  # CoinPaprika API key; its presence selects the paid host
    # Word before the CoinPaprika key in Authorization, for example Bearer; default none.
    coinpaprika_auth_scheme: str = ""
    coinpaprika_base_url: str | None = None  # another CoinPaprika address (proxy, replay)
    coinpaprika_calls_per_minute: Count | None = 60  # calls a minute
    coinpaprika_calls_per_month: Count | None = None  # calls a month; default 20000 without a key, 400000 with one
    csv_path: Path | None = None  # A CSV file or a folder of them; default the bundled sample

    etl_sources: tuple[str, ...] = SOURCES  # sources to ingest, separated by commas
    etl_schedule_coingecko: str = "20m"  # cron line or interval (90s, 5m, 2h, 1d), or off
    etl_schedule_coinpaprika: str = "5m"  # cron line or interval, or off
    etl_schedule_csv: str = "1h"  # cron line or interval, or off
    etl_run_on_startup: bool = True  # ask for a run of every source when the server starts
    etl_batch_size: Annotated[int, Meta(ge=1, le=10_000)] = 1000  # records committed together
    etl_fail_after_n_records: Count | None = None  # let every run fail after exactly N records (failure injection)

    contracts_every_days: CountOrNone = 7  # read the sources' lists of contract addresses this often; 0 never

    # Forget raw records and journal of windows closed longer ago; default never.
    raw_retention_days: Count | None = None
    history_hourly_after_days: Count | None = None  # keep one point an hour of history older than this; default all
    history_daily_after_days: Count | None = None  # keep one point a day of history older than this; default all
    # Forget history older than this, but for what still holds; default never.
    history_retention_days: Count | None = None

    api_token: Secret | None = None  # Bearer token that mutations need; without it only a loopback server takes them
    # Bearer token that reading needs as well; without it everyone who reaches the server reads.
    api_read_token: Secret | None = None
    graphql_introspection: bool = True  # answer introspection queries and show the playground
    graphql_max_bytes: Count = 100_000  # longest document, in characters
    graphql_max_tokens: Count = 3000  # most tokens of a document
    graphql_max_depth: Annotated[int, Meta(ge=1, le=100)] = 12  # deepest query that is executed
    graphql_max_aliases: CountOrNone = 50  # most aliases of an operation
    graphql_max_directives: CountOrNone = 50  # most directives of an operation
    graphql_max_fields: Count = 1000  # most fields of an operation, fragments included
    graphql_max_repeats: CountOrNone = 2000  # most pairs of fields with the same name and place
    graphql_max_cost: Count = 100_000  # most fields an answer may have
    graphql_max_variables: Count = 5000  # most values in the variables' JSON
    graphql_max_nesting: Annotated[int, Meta(ge=1, le=100)] = 32  # deepest nesting of the variables' JSON
    graphql_timeout_seconds: Seconds = 10  # longest a query may take
    graphql_max_concurrent: Count = 16  # operations carried out at the same time
    # Memory for answers that are given again while the data is the same.
    answer_cache_bytes: CountOrNone = 32 * 1024 * 1024
    max_body_bytes: Count = 1_000_000  # largest request body
    ws_max_message_bytes: Count = 262_144  # largest WebSocket message
    ws_max_connections: CountOrNone = 500  # most WebSocket connections at the same time
    ws_max_operations: Count = 50  # most operations of a WebSocket connection at the same time
    ws_init_timeout_seconds: Seconds = 5  # longest wait for connection_init
    triggers_per_minute: Count = 120  # how often a minute runs can be asked for in the graph
    # Names the server is asked for, separated by commas; default any, on a loopback server its own.
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()  # web origins that may call the API, separated by commas

    def schedule(self, source: str) -> str | None:
        """The cron line or interval of a source, None when it is off."""
        text: str = getattr(self, f"etl_schedule_{source}")
        return None if text.lower() == "off" else text

    @property
    def serves_loopback_only(self) -> bool:
        """Whether only programs of this machine can reach the server."""
        return is_loopback(self.host)


def load_settings() -> Settings:
    """Read the environment. Raises ConfigurationError with one line for each wrong variable."""
    try:
        settings = environment.read(Settings, environment.variables(Path(".env")), _CHECKS)
    except WrongVariables as problem:
        raise ConfigurationError(str(problem)) from None
    if settings.coingecko_api_plan != "public" and settings.coingecko_api_key is None:
        raise ConfigurationError(f"COINGECKO_API_KEY: the {settings.coingecko_api_plan} plan needs one")
    return settings


def _database(url: str) -> str:
    parse_url(url)
    return url


def _known_sources(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError(f"names no source; known are {', '.join(SOURCES)}")
    unknown = [name for name in names if name not in SOURCES]
    if unknown:
        raise ValueError(f"unknown source {unknown[0]!r}; known are {', '.join(SOURCES)}")
    return tuple(name for name in SOURCES if name in names)


def _schedule(value: str) -> str:
    text = " ".join(value.split())
    if text.lower() != "off":
        try:
            schedules.check(text)
        except ValueError as error:
            raise ValueError(f"not an interval (90s, 5m, 2h, 1d), a cron line, or off: {error}") from None
    return text


def _sendable(secret: Secret) -> Secret:
    text = secret.reveal()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a key or token goes into an HTTP header: plain ASCII without blanks")
    return secret


def _web_address(value: str) -> str:
    if not re.match(r"https?://[^/\s]+", value):
        raise ValueError("not an http(s) address")
    return value


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [origin for origin in origins if not re.fullmatch(r"\*|https?://[^/\s]+", origin)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not an origin; write https://example.org, or *")
    return origins


_CHECKS: dict[str, environment.Check] = {
    "database_url": _database,
    "etl_sources": _known_sources,
    "cors_origins": _origins,
    **dict.fromkeys(("etl_schedule_coingecko", "etl_schedule_coinpaprika", "etl_schedule_csv"), _schedule),
    **dict.fromkeys(("coingecko_api_key", "coinpaprika_api_key", "api_token", "api_read_token"), _sendable),
    **dict.fromkeys(("coingecko_base_url", "coinpaprika_base_url"), _web_address),
}

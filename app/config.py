"""Settings: the environment (or `.env`) read once. Nobody else reads the environment.

Precedence: environment, then `.env` in the working directory, then the defaults here. An empty value counts as
unset, since that is what compose files pass for a variable nobody set. A wrong value stops the start and names
the variable.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import schedules
from app.loopback import is_loopback
from app.source_names import SOURCES
from db.engine import parse_url

# A complaint may quote a value, and a value can be anything.
LONGEST_COMPLAINT = 300


class ConfigurationError(Exception):
    """A setting has a value that cannot be used; the text names the variable. Exit code 2."""


class Settings(BaseSettings):
    """Every setting, with its default. Field names are the variables' names in lower case."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: str = Field(
        "sqlite:///data/kasparro.sqlite3", description="Where everything is kept: sqlite or postgresql"
    )
    host: str = Field("127.0.0.1", description="Address to serve on")
    port: int = Field(8000, ge=0, le=65535, description="Port to serve on")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe log line shown")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="json, console, or auto: console on a terminal"
    )

    coingecko_api_key: SecretStr | None = Field(None, description="CoinGecko API key of the demo or pro plan")
    coingecko_api_plan: Literal["public", "demo", "pro"] = Field(
        "public", description="CoinGecko plan: decides host, key header and limits"
    )
    coingecko_base_url: str | None = Field(None, description="Another CoinGecko address (proxy, replay)")
    coingecko_max_coins: int = Field(1000, ge=1, le=100_000, description="How many coins by market cap to read")
    coingecko_calls_per_minute: int | None = Field(
        None, ge=1, description="Calls a minute; default by plan: public 5, demo 30, pro 500"
    )
    coingecko_calls_per_month: int | None = Field(
        None, ge=1, description="Calls a month; default by plan: demo 10000, others unlimited"
    )
    coinpaprika_api_key: SecretStr | None = Field(
        None, description="CoinPaprika API key; its presence selects the paid host"
    )
    coinpaprika_auth_scheme: str = Field(
        "", description="Word before the CoinPaprika key in Authorization, for example Bearer; default none"
    )
    coinpaprika_base_url: str | None = Field(None, description="Another CoinPaprika address (proxy, replay)")
    coinpaprika_calls_per_minute: int | None = Field(60, ge=1, description="Calls a minute")
    coinpaprika_calls_per_month: int | None = Field(
        None, ge=1, description="Calls a month; default 20000 without a key, 400000 with one"
    )
    csv_path: Path | None = Field(None, description="A CSV file or a folder of them; default the bundled sample")

    etl_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        SOURCES, description="Sources to ingest, separated by commas"
    )
    etl_schedule_coingecko: str = Field("20m", description="Cron line or interval (90s, 5m, 2h, 1d), or off")
    etl_schedule_coinpaprika: str = Field("5m", description="Cron line or interval, or off")
    etl_schedule_csv: str = Field("1h", description="Cron line or interval, or off")
    etl_run_on_startup: bool = Field(True, description="Ask for a run of every source when the server starts")
    etl_batch_size: int = Field(1000, ge=1, le=10_000, description="Records committed together")
    etl_fail_after_n_records: int | None = Field(
        None, ge=1, description="Let every run fail after exactly N records (failure injection)"
    )

    contracts_every_days: int = Field(
        7, ge=0, description="Read the sources' lists of contract addresses this often; 0 never"
    )

    raw_retention_days: int | None = Field(
        None, ge=1, description="Forget raw records and journal of windows closed longer ago; default never"
    )
    history_hourly_after_days: int | None = Field(
        None, ge=1, description="Keep one point an hour of history older than this; default all"
    )
    history_daily_after_days: int | None = Field(
        None, ge=1, description="Keep one point a day of history older than this; default all"
    )
    history_retention_days: int | None = Field(
        None, ge=1, description="Forget history older than this, but for what still holds; default never"
    )

    api_token: SecretStr | None = Field(
        None, description="Bearer token that mutations need; without it only a loopback server takes them"
    )
    api_read_token: SecretStr | None = Field(
        None, description="Bearer token that reading needs as well; without it everyone who reaches the server reads"
    )
    graphql_introspection: bool = Field(True, description="Answer introspection queries and show the playground")
    graphql_max_bytes: int = Field(100_000, ge=1, description="Longest document, in characters")
    graphql_max_tokens: int = Field(3000, ge=1, description="Most tokens of a document")
    graphql_max_depth: int = Field(12, ge=1, le=100, description="Deepest query that is executed")
    graphql_max_aliases: int = Field(50, ge=0, description="Most aliases of an operation")
    graphql_max_directives: int = Field(50, ge=0, description="Most directives of an operation")
    graphql_max_fields: int = Field(1000, ge=1, description="Most fields of an operation, fragments included")
    graphql_max_repeats: int = Field(2000, ge=0, description="Most pairs of fields with the same name and place")
    graphql_max_cost: int = Field(100_000, ge=1, description="Most fields an answer may have")
    graphql_max_variables: int = Field(5000, ge=1, description="Most values in the variables' JSON")
    graphql_max_nesting: int = Field(32, ge=1, le=100, description="Deepest nesting of the variables' JSON")
    graphql_timeout_seconds: float = Field(10, gt=0, le=3600, description="Longest a query may take")
    graphql_max_concurrent: int = Field(16, ge=1, description="Operations carried out at the same time")
    answer_cache_bytes: int = Field(
        32 * 1024 * 1024, ge=0, description="Memory for answers that are given again while the data is the same"
    )
    max_body_bytes: int = Field(1_000_000, ge=1, description="Largest request body")
    ws_max_message_bytes: int = Field(262_144, ge=1, description="Largest WebSocket message")
    ws_max_connections: int = Field(500, ge=0, description="Most WebSocket connections at the same time")
    ws_max_operations: int = Field(50, ge=1, description="Most operations of a WebSocket connection at the same time")
    ws_init_timeout_seconds: float = Field(5, gt=0, le=3600, description="Longest wait for connection_init")
    triggers_per_minute: int = Field(120, ge=1, description="How often a minute runs can be asked for in the graph")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Names the server is asked for, separated by commas; default any, on a loopback server its own"
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web origins that may call the API, separated by commas"
    )

    @field_validator("etl_sources", "allowed_hosts", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("etl_sources")
    @classmethod
    def _known_sources(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError(f"names no source; known are {', '.join(SOURCES)}")
        unknown = [name for name in value if name not in SOURCES]
        if unknown:
            raise ValueError(f"unknown source {unknown[0]!r}; known are {', '.join(SOURCES)}")
        return tuple(name for name in SOURCES if name in value)

    @field_validator("log_level", "log_format", "coingecko_api_plan", mode="before")
    @classmethod
    def _any_case(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        return value.upper() if info.field_name == "log_level" else value.lower()

    @field_validator("etl_schedule_coingecko", "etl_schedule_coinpaprika", "etl_schedule_csv")
    @classmethod
    def _schedule(cls, value: str) -> str:
        text = " ".join(value.split())
        if text.lower() != "off":
            try:
                schedules.check(text)
            except ValueError as error:
                raise ValueError(f"not an interval (90s, 5m, 2h, 1d), a cron line, or off: {error}") from None
        return text

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        parse_url(value)
        return value

    @field_validator("coingecko_api_key", "coinpaprika_api_key", "api_token", "api_read_token")
    @classmethod
    def _sendable(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else ""
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("a key or token goes into an HTTP header: plain ASCII without blanks")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [origin for origin in value if not re.fullmatch(r"\*|https?://[^/\s]+", origin)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is not an origin; write https://example.org, or *")
        return value

    @model_validator(mode="after")
    def _plan_has_its_key(self) -> Self:
        if self.coingecko_api_plan != "public" and self.coingecko_api_key is None:
            raise ValueError(f"COINGECKO_API_KEY: the {self.coingecko_api_plan} plan needs one")
        return self

    @field_validator("coingecko_base_url", "coinpaprika_base_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^/\s]+", value):
            raise ValueError("not an http(s) address")
        return value

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
        return Settings()  # type: ignore[call-arg]  # every field has a default or comes from the environment
    except ValidationError as error:
        problems = [_told(item["loc"], item["msg"].removeprefix("Value error, ")) for item in error.errors()]
        raise ConfigurationError("\n".join(problems)) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f".env: not UTF-8 text (byte {error.start})") from None


def _told(place: tuple[int | str, ...], message: str) -> str:
    shown = message if len(message) <= LONGEST_COMPLAINT else f"{message[:LONGEST_COMPLAINT]}..."
    return f"{str(place[0]).upper()}: {shown}" if place else shown

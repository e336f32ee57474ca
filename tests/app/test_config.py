"""Settings: sane without any, and a wrong one stops the start by its name."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from app.config import ConfigurationError, Settings, load_settings
from app.environment import Secret

WRONG = [
    ("ETL_FAIL_AFTER_N_RECORDS", "0"),
    ("ETL_FAIL_AFTER_N_RECORDS", "two"),
    ("ETL_FAIL_AFTER_N_RECORDS", "-1"),
    ("ETL_FAIL_AFTER_N_RECORDS", "1.5"),
    ("DATABASE_URL", "mysql://x/y"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "nonsense"),
    ("ETL_SOURCES", "csv,kraken"),
    ("ETL_SCHEDULE_CSV", "sometimes"),
    ("ETL_SCHEDULE_CSV", "99 * * * *"),
    ("ETL_SCHEDULE_CSV", "0 0 1 * 1"),
    ("ETL_SCHEDULE_CSV", "0 0 31 2 *"),
    ("ETL_SCHEDULE_CSV", "0 0 * * 8"),
    ("ETL_SOURCES", ","),
    ("CORS_ORIGINS", "foo"),
    ("API_TOKEN", "a b"),
    ("COINGECKO_API_KEY", "geheimé"),
    ("COINGECKO_API_PLAN", "gold"),
    ("COINGECKO_BASE_URL", "ftp://x"),
    ("PORT", "70000"),
    ("LOG_LEVEL", "LOUD"),
    ("ETL_BATCH_SIZE", "0"),
    ("ETL_BATCH_SIZE", "1e3"),
    ("ETL_BATCH_SIZE", "9" * 5000),
    ("ETL_RUN_ON_STARTUP", "maybe"),
    ("GRAPHQL_TIMEOUT_SECONDS", "nan"),
    ("WS_INIT_TIMEOUT_SECONDS", "inf"),
    ("HOST", "\udcff"),
]
URLS = [
    "postgres://u@h/d",
    "postgresql://u@h/d",
    "postgresql+asyncpg://u@h/d",
    "sqlite:///x.db",
    "sqlite+aiosqlite:///x",
]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"^{name}: "):
        load_settings()


@pytest.mark.parametrize("name", [field.upper() for field in Settings.__struct_fields__])
def test_an_empty_value_is_unset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    default = load_settings()
    monkeypatch.setenv(name, "")
    assert load_settings() == default


def test_every_wrong_value_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "70000")
    monkeypatch.setenv("ETL_BATCH_SIZE", "many")
    monkeypatch.setenv("GRAPHQL_TIMEOUT_SECONDS", "0")
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert str(caught.value).splitlines() == [
        "PORT: must be <= 65535",
        "LOG_FORMAT: must be one of auto, json, console",
        "ETL_BATCH_SIZE: must be a whole number",
        "GRAPHQL_TIMEOUT_SECONDS: must be > 0.0",
    ]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("COINGECKO_API_PLAN", "Public", "public"),
        ("ETL_RUN_ON_STARTUP", "Off", False),
        ("GRAPHQL_INTROSPECTION", "1", True),
        ("GRAPHQL_INTROSPECTION", "n", False),
        ("RAW_RETENTION_DAYS", " 7 ", 7),
        ("RAW_RETENTION_DAYS", "+007", 7),
        ("GRAPHQL_TIMEOUT_SECONDS", ".5", 0.5),
        ("WS_INIT_TIMEOUT_SECONDS", "2.5", 2.5),
        ("CSV_PATH", "null", Path("null")),
        ("API_READ_TOKEN", "null", Secret("null")),
        ("CORS_ORIGINS", "https://a.example, https://b.example,", ("https://a.example", "https://b.example")),
    ],
)
def test_values_are_read_as_people_write_them(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    monkeypatch.setenv(name, text)
    assert getattr(load_settings(), name.lower()) == value


def test_names_may_be_in_small_letters_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("port=9001\nunknown=1\n")
    assert load_settings().port == 9001


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff")
    with pytest.raises(ConfigurationError, match=r"^\.env: not UTF-8 text"):
        load_settings()


@pytest.mark.parametrize("url", URLS)
def test_database_urls_of_every_form(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert load_settings().database_url == url


def test_a_secret_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter2")
    monkeypatch.setenv("COINGECKO_API_KEY", "CG-hunter2")
    assert "hunter2" not in repr(load_settings()) + str(msgspec.structs.asdict(load_settings()))


def test_a_wrong_value_is_not_shown_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://user:hunter2@host/name")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nETL_SOURCES=csv\n")
    monkeypatch.setenv("PORT", "9002")
    settings = load_settings()
    assert (settings.port, settings.etl_sources) == (9002, ("csv",))


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_a_loopback_server_is_known(monkeypatch: pytest.MonkeyPatch, host: str, loopback: bool) -> None:
    monkeypatch.setenv("HOST", host)
    assert load_settings().serves_loopback_only is loopback


def test_the_program_stops_with_code_2(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "app"],
        env={"ETL_FAIL_AFTER_N_RECORDS": "none", "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 2
    assert "ETL_FAIL_AFTER_N_RECORDS" in result.stderr

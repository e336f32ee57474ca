"""What is loaded when: `--help` comes at once, and a server has in memory what it serves with."""

import subprocess
import sys

LARGE = {"alembic", "graphql", "httpx", "sqlalchemy", "starlette", "strawberry", "uvicorn"}
FOR_COMMANDS = {"alembic", "pyarrow", "tqdm"}
FOR_POSTGRESQL = {"asyncpg"}
FOR_NOTHING = {"pydantic", "sqlalchemy.orm"}


def loaded_by(module: str) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(told.stdout.split())


def test_help_loads_nothing_large() -> None:
    loaded = loaded_by("app.cli")
    assert "click" in loaded
    assert not LARGE & loaded


def test_a_server_loads_only_what_it_serves_with() -> None:
    loaded = loaded_by("app.server")
    assert LARGE - {"alembic"} <= loaded
    assert not loaded & (FOR_COMMANDS | FOR_POSTGRESQL | FOR_NOTHING)

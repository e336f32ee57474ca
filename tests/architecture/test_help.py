"""`--help` comes at once: the command line by itself loads nothing large."""

import subprocess
import sys

LARGE = {"alembic", "graphql", "httpx", "pydantic", "sqlalchemy", "starlette", "strawberry", "uvicorn"}


def test_help_loads_nothing_large() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, app.cli; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    assert "click" in loaded.stdout.split()
    assert not LARGE & set(loaded.stdout.split())

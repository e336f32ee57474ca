"""`python -m app` serves."""

from app.cli import main

main(["serve"])

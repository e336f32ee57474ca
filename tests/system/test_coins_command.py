"""`kasparro coins` and the export of coins, as people and scripts run them."""

import asyncio
import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from db.engine import Database
from etl.identity import linking
from tests.graphql_schema.rows import START, asset, write_assets
from tests.system.processes import run

BOOK, FIRST, SECOND = "csv:gold", "coingecko:gold-2", "coinpaprika:gld-gold"
HIGH: dict[str, Any] = {"ath_usd": 12.5, "ath_at": START, "last_updated": START}


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> dict[str, str]:
    """Gold of three sources, of which two are linked and one pair is doubtful."""
    shutil.copy(sqlite_template, tmp_path / "k.sqlite3")
    url = f"sqlite:///{tmp_path}/k.sqlite3"

    async def fill() -> None:
        database = Database(url)
        await write_assets(
            database,
            asset(1, external_id="gold-2", symbol="gld", name="Gold\x1b[2J Coin", price_usd=10.0),
            asset(2, source="coinpaprika", external_id="gld-gold", symbol="GLD", name="Gold", price_usd=12.0, **HIGH),
            asset(3, source="csv", external_id="gold", symbol="GLD", name="Gold", price_usd=12.0, **HIGH),
        )
        await linking.catch_up(database)
        await database.close()

    asyncio.run(fill())
    return {"DATABASE_URL": url}


def test_doubtful_pairs_are_judged_and_judgements_undone(settings: dict[str, str], tmp_path: Path) -> None:
    shown = run(["coins", "review"], tmp_path, **settings)
    assert shown.returncode == 0, shown.stderr
    assert f"{FIRST}  Gold\ufffd[2J Coin (gld)  $10" in shown.stdout
    assert "not the first of its name: gold-2" in shown.stdout
    assert "not linked: the evidence gives 0." in shown.stdout
    listed = json.loads(run(["coins", "review", "--json"], tmp_path, **settings).stdout)
    assert listed["total"] == len(listed["pairs"]) == shown.stdout.count("not linked: ")
    assert {pair["one"]["external_id"] for pair in listed["pairs"]} == {"gold-2"}
    linked = json.loads(
        run(["coins", "link", FIRST, SECOND, "--reason", "same mint", "--json"], tmp_path, **settings).stdout
    )
    assert [each["asset"] for each in linked["assets"]] == [FIRST, SECOND, BOOK]
    assert linked["assets"][1] | {"fresh": None} == {
        "asset": SECOND, "confidence": 1.0, "evidence": ["linked by hand: same mint"], "linked_by": "manual",
        "fresh": None,
    }  # fmt: skip
    undone = run(["coins", "undo"], tmp_path, **settings)
    assert undone.stdout.splitlines()[1:] == [f"  1.00  {FIRST}  the coin is named after it"]
    log = [line.split(maxsplit=3)[3] for line in run(["coins", "log"], tmp_path, **settings).stdout.splitlines()]
    assert log == [f"undo 1      {FIRST} {SECOND}  same mint", f"link        {FIRST} {SECOND}  same mint"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["link", "gold"], 2, "write SOURCE:ID, for example coingecko:bitcoin"),
        (["link", FIRST, "csv:nope"], 1, "there is no asset csv:nope"),
        (["keep-apart", SECOND, BOOK], 1, "they are one coin now; unlink the one that does not belong to it"),
    ],
)
def test_mistakes_are_told(
    settings: dict[str, str], tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    result = run(["coins", *arguments], tmp_path, **settings)
    assert (result.returncode, result.stdout) == (code, "")
    assert told in result.stderr


def test_coins_are_exported_with_their_sources_side_by_side(settings: dict[str, str], tmp_path: Path) -> None:
    result = run(["export", "coins", "-o", "coins.csv"], tmp_path, **settings)
    assert "3 rows of coins to coins.csv" in result.stderr
    rows = list(csv.DictReader((tmp_path / "coins.csv").read_text("utf-8").splitlines()))
    shown = ("price_usd", "source", "source_price_usd", "linked_by", "fresh")
    assert [tuple(row[name] for name in shown) for row in rows if row["slug"] == "gld-gold"] == [
        ("12.0", "coinpaprika", "12.0", "automatic", "true"), ("12.0", "csv", "12.0", "automatic", "true")
    ]  # fmt: skip

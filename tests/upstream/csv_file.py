"""CSV files of any size in the form of the seed data."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Final

from . import text
from .generation import stems
from .market import START
from .naming import slug

HEADER: Final = (
    "external_id,symbol,name,rank,price_usd,market_cap_usd,volume_24h_usd,percent_change_1h,percent_change_24h,"
    "percent_change_7d,circulating_supply,total_supply,max_supply,ath_usd,ath_at,last_updated"
)
_BLOCK: Final = 1000
_STEMS: Final = 5000


def write_csv(path: Path, rows: int, seed: int = 1, *, at: datetime = START) -> None:
    """Write `rows` coins by rank, last updated within the hour before `at`; memory does not grow with `rows`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER + "\n")
        for block in csv_blocks(rows, seed, at=at):
            file.write(block)


def csv_blocks(rows: int, seed: int = 1, *, at: datetime = START) -> Iterator[str]:
    """The lines of such a file without its header, some hundreds at a time."""
    random = Random(f"csv {seed}")
    names = _names(seed)
    moment = int(at.timestamp())
    for first in range(1, rows + 1, _BLOCK):
        last = min(first + _BLOCK, rows + 1)
        yield "".join(_line(rank, names[rank % len(names)], random, moment) for rank in range(first, last))


def _names(seed: int) -> list[tuple[str, str, str]]:
    """Id, symbol and name stems; the name is ready for a CSV cell but for its number and closing quote."""
    names = stems(_STEMS, seed)
    return [(slug(name) or "coin", slug(name)[:5] or "coin", _cell(name)) for name in names]


def _cell(name: str) -> str:
    cell = io.StringIO()
    csv.writer(cell, lineterminator="").writerow([name])
    return cell.getvalue()


def _line(rank: int, names: tuple[str, str, str], random: Random, moment: int) -> str:
    id_, symbol, name = names
    draw = random.random()
    supply = 10 ** (4 + draw * 8)
    price = 2e12 * rank**-1.6 / supply
    change = (random.random() - 0.5) * 20
    # One in four has no maximum: an empty cell is how this form says unknown.
    maximum = "" if draw < 0.25 else f"{supply * 2:.0f}"
    updated = text.seconds(moment - int(draw * 3600))
    return (
        f"{id_}-{rank},{symbol},{name},{rank},{price:.8g},{price * supply:.2f},{price * supply * draw:.2f},"
        f"{change / 9:.3f},{change:.3f},{change * 1.7:.3f},{supply:.0f},{supply * 1.2:.0f},{maximum},"
        f"{price * 5:.8g},2024-03-14T07:10:36Z,{updated}\n"
    )

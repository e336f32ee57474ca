"""Recorded payloads out of a folder, byte for byte.

Layout: `coingecko/markets-DATE-pN.json`, `coingecko/coins-list-DATE.json`, `coinpaprika/tickers-DATE.json`,
`coinpaprika/ticker-ID-DATE.json`, `coinpaprika/coins-DATE.json`, `errors/NAME.json`.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import msgspec

from .messages import Answer, Body
from .selection import PAGE_MAX, MarketsQuery, View

_PAGE: Final = re.compile(r"markets-(\d{4}-\d{2}-\d{2})-p(\d+)\.json")


class _Row(msgspec.Struct, frozen=True):
    id: str
    symbol: str = ""
    market_cap: float | None = None
    total_volume: float | None = None
    raw: bytes = b""

    @property
    def volume(self) -> float | None:
        return self.total_volume


class Replay:
    """Content out of recorded files. `date` picks the CoinGecko pages; the moment is of no matter here.

    Other files are taken of the same date, or the latest if there is none of that date.
    """

    def __init__(self, folder: Path, date: str | None = None) -> None:
        self.folder = folder
        if not self.dates:
            raise ValueError(f"no coingecko/markets-DATE-pN.json in {folder}")
        self.date = date or self.dates[-1]
        if self.date not in self.dates:
            raise ValueError(f"no pages of {self.date}; there are {', '.join(self.dates)}")

    def contracts(self, platform: str, view: View, moment: datetime) -> bytes:
        """None were recorded."""
        return b"[]\n"

    @cached_property
    def dates(self) -> list[str]:
        """The dates with CoinGecko pages, oldest first."""
        names = (_PAGE.fullmatch(path.name) for path in (self.folder / "coingecko").glob("markets-*.json"))
        return sorted({match[1] for match in names if match})

    def markets(self, query: MarketsQuery, view: View, moment: datetime) -> bytes:
        """The file of that page as it is; for other page sizes, filters and views, its rows put together."""
        if query.is_plain and query.per_page == PAGE_MAX and view == View():
            return self._page(query.page)
        return _joined(query.page_of(view.of(self._rows)))

    def coins_list(self, view: View, moment: datetime, *, platforms: bool) -> bytes:
        """The recorded list; platforms only if a list with them was recorded."""
        recorded = platforms and self._latest("coingecko", "coins-list-platforms")
        return _seen(recorded or self._latest("coingecko", "coins-list") or b"[]", view)

    def tickers(self, view: View, moment: datetime) -> bytes:
        """The recorded tickers."""
        return _seen(self._latest("coinpaprika", "tickers") or b"[]\n", view, end=b"\n")

    def ticker(self, id_: str, view: View, moment: datetime) -> bytes | None:
        """The recorded ticker, or else its row in the recorded tickers."""
        rows = view.of(_rows_of(self.tickers(View(), moment)))
        row = next((row.raw + b"\n" for row in rows if row.id == id_), None)
        return self._latest("coinpaprika", f"ticker-{id_}") or row

    def coins(self, view: View, moment: datetime) -> bytes:
        """The recorded coins."""
        return _seen(self._latest("coinpaprika", "coins") or b"[]\n", view, end=b"\n")

    @cached_property
    def errors(self) -> dict[str, Answer]:
        """Recorded error answers by file name, for the fault kind `error`."""
        return {path.stem: _error(path) for path in sorted((self.folder / "errors").glob("*.json"))}

    def _page(self, page: int) -> bytes:
        path = self.folder / "coingecko" / f"markets-{self.date}-p{page}.json"
        return path.read_bytes() if path.is_file() else b"[]"

    @cached_property
    def _rows(self) -> list[_Row]:
        pages = (_PAGE.fullmatch(path.name) for path in (self.folder / "coingecko").glob(f"markets-{self.date}-p*"))
        numbers = sorted(int(match[2]) for match in pages if match)
        return [row for number in numbers for row in _rows_of(self._page(number))]

    def _latest(self, folder: str, stem: str) -> bytes | None:
        """The file of our date, else the latest one; None if there is none."""
        name = re.compile(re.escape(stem) + r"-\d{4}-\d{2}-\d{2}\.json")
        files = sorted(path for path in (self.folder / folder).glob("*.json") if name.fullmatch(path.name))
        ours = [path for path in files if path.name == f"{stem}-{self.date}.json"]
        return (ours or files)[-1].read_bytes() if files else None


@lru_cache(maxsize=8)
def _rows_of(body: bytes) -> list[_Row]:
    """The rows of a JSON list with the bytes each was written with."""
    raws = msgspec.json.decode(body, type=list[msgspec.Raw])
    return [msgspec.structs.replace(msgspec.json.decode(raw, type=_Row), raw=bytes(raw)) for raw in raws]


def _joined(rows: Sequence[_Row], end: bytes = b"") -> bytes:
    return b"[" + b",".join(row.raw for row in rows) + b"]" + end


def _seen(body: bytes, view: View, end: bytes = b"") -> bytes:
    """The body as it is, unless the view changes the list."""
    return body if view == View() else _joined(view.of(_rows_of(body)), end)


def _error(path: Path) -> Answer:
    recorded = json.loads(path.read_text("utf-8"))
    # Length and encoding are the server's business; a connection header would speak of another connection.
    dropped = {"content-length", "content-encoding", "transfer-encoding", "connection"}
    headers = {name.lower(): value for name, value in recorded["headers"].items() if isinstance(value, str)}
    kept = {name: value for name, value in headers.items() if name not in dropped}
    return Answer(recorded["status"], Body(recorded["body"].encode()), {"content-type": "application/json", **kept})

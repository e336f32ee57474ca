"""A header's text -> where the unified columns are, and how to read a record with it.

Who a row is about (`external_id`) comes from the best the file has: an id column, else a slug (also as part of
a coin page's URL), else symbol and name joined as in `btc-bitcoin`, else the one of the two that is there.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from db.records import NewAsset
from etl.csv_format.cells import UnreadableCell, moment_of, number_of, whole_number_of
from etl.csv_format.headers import is_unnamed, target_of
from etl.csv_format.lines import DELIMITERS
from etl.errors import RecordInvalid

_IDENTIFYING = frozenset(("external_id", "slug", "symbol", "name"))
NUMBERS = (
    "price_usd",
    "market_cap_usd",
    "volume_24h_usd",
    "percent_change_1h",
    "percent_change_24h",
    "percent_change_7d",
    "circulating_supply",
    "total_supply",
    "max_supply",
    "ath_usd",
)

_COIN_PAGE = re.compile(r"/(?:currencies|currency|coins?|assets?|price|cryptocurrency)/([^/?#\s]+)", re.IGNORECASE)
_LONGEST_SYMBOL = 32
_LONGEST_ID = 500
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cell of a record holds which unified column; `figures` are the plain numbers among them."""

    delimiter: str
    names: tuple[str, ...]
    columns: dict[str, int]
    figures: tuple[tuple[str, int], ...]

    @property
    def identifies(self) -> bool:
        """Whether rows can be told apart at all."""
        return not _IDENTIFYING.isdisjoint(self.columns)

    def cells(self, text: str) -> list[str]:
        """The record's cells as they stand. Raises RecordInvalid where the CSV rules are broken."""
        if '"' not in text:
            return text.split(self.delimiter)
        try:
            return next(csv.reader([text], delimiter=self.delimiter, skipinitialspace=True), [])
        except csv.Error as error:
            raise RecordInvalid("damaged", str(error)) from None

    def cells_or_none(self, text: str) -> list[str]:
        """The record's cells, none where the CSV rules are broken."""
        try:
            return self.cells(text)
        except RecordInvalid:
            return []

    def text(self, cells: Sequence[str], target: str) -> str:
        """The trimmed cell of a column, empty where the record or the file has none."""
        column = self.columns.get(target, -1)
        return cells[column].strip() if 0 <= column < len(cells) else ""

    def external_id(self, cells: Sequence[str]) -> str:
        """Who the row is about; empty when it does not say. Tabs become blanks: a tab ends the id in a key."""
        if "external_id" in self.columns:
            return self.text(cells, "external_id").replace("\t", " ")
        return self._slug(cells) or self._composed_id(cells)

    def external_id_in(self, text: str) -> str:
        """The usable external id of a record: one short enough for a key."""
        column = self.columns.get("external_id")
        if column is None or '"' in text:
            external_id = self.external_id(self.cells_or_none(text))
        else:
            external_id = self.external_id(text.split(self.delimiter, column + 1))
        return external_id if len(external_id) <= _LONGEST_ID else ""

    def asset(self, text: str) -> NewAsset:
        """The record as an asset. Raises RecordInvalid."""
        cells = self.cells(text)
        self.check_width(cells)
        external_id = self.external_id(cells)
        if not external_id:
            raise RecordInvalid("missing_id", "no id, slug, symbol or name")
        symbol, name = self.text(cells, "symbol"), self.text(cells, "name")
        return NewAsset(
            external_id=external_id,
            symbol=symbol or name or external_id,
            name=name or symbol or external_id,
            rank=self._rank(cells),
            ath_at=self._moment(cells, "ath_at"),
            last_updated=self._moment(cells, "last_updated"),
            **self._figures(cells, symbol or name),
        )

    def check_width(self, cells: Sequence[str]) -> None:
        """Refuse a record cut short or with cells no header names; empty cells at the end do not count."""
        if len(cells) == len(self.names):
            return
        counted = f"{len(cells)} cells under {len(self.names)} headers"
        if any(map(str.strip, cells[len(self.names) :])):
            raise RecordInvalid("too_many_cells", counted)
        if any(map(str.strip, self.names[len(cells) :])):
            raise RecordInvalid("too_few_cells", counted)

    def _slug(self, cells: Sequence[str]) -> str:
        slug = self.text(cells, "slug").replace("\t", " ")
        if "/" not in slug:
            return slug
        page = _COIN_PAGE.search(slug)
        return page[1] if page else ""

    def _composed_id(self, cells: Sequence[str]) -> str:
        parts = (self.text(cells, "symbol"), self.text(cells, "name"))
        return "-".join(" ".join(filter(None, parts)).lower().split())

    def _figures(self, cells: Sequence[str], symbol: str) -> dict[str, Any]:
        figures: dict[str, float | None] = {}
        for target, column in self.figures:
            if cell := cells[column]:
                try:
                    figures[target] = number_of(cell, symbol)
                except UnreadableCell:
                    raise _unreadable("bad_number", target, cell.strip()) from None
        return figures

    def _rank(self, cells: Sequence[str]) -> int | None:
        cell = self.text(cells, "rank")
        try:
            return whole_number_of(cell) if cell else None
        except UnreadableCell:
            raise _unreadable("bad_number", "rank", cell) from None

    def _moment(self, cells: Sequence[str], target: str) -> datetime | None:
        cell = self.text(cells, target)
        try:
            return moment_of(cell) if cell else None
        except UnreadableCell:
            raise _unreadable("bad_date", target, cell) from None


@lru_cache(maxsize=64)
def layout_of(header: str) -> Layout:
    """How to read the records under this header; the delimiter is the one that makes most sense of it."""
    return max((_layout_with(header, delimiter) for delimiter in DELIMITERS), key=_sense)


def name_the_symbols(header: str, first_records: Sequence[str]) -> str:
    """The header, with an unnamed column that holds symbols in a file without a symbol column named `symbol`.

    Data frames are saved with their index under no name, and the index may be the symbols. Whole numbers in
    all of the first records make it a row number, even if some rows were filtered out.
    """
    layout = layout_of(header)
    if "symbol" in layout.columns or not first_records:
        return header
    rows = list(map(layout.cells_or_none, first_records))
    for column in filter(lambda column: is_unnamed(layout.names[column]), range(len(layout.names))):
        if _are_symbols([row[column].strip() if column < len(row) else "" for row in rows]):
            return _join((*layout.names[:column], "symbol", *layout.names[column + 1 :]), layout.delimiter)
    return header


def _are_symbols(values: Sequence[str]) -> bool:
    fitting = all(0 < len(value) <= _LONGEST_SYMBOL for value in values)
    return fitting and not all(re.fullmatch(r"[0-9]+(?:\.0)?", value) for value in values)


def _layout_with(header: str, delimiter: str) -> Layout:
    bare = Layout(delimiter, (), {}, ())
    names = tuple(map(str.strip, bare.cells_or_none(header)))
    columns = _columns(names)
    figures = tuple((target, columns[target]) for target in NUMBERS if target in columns)
    return Layout(delimiter, names, columns, figures)


def _columns(names: Sequence[str]) -> dict[str, int]:
    """Per unified column the best-named of the file's columns, the first of equals."""
    best: dict[str, tuple[int, int]] = {}
    for column, name in enumerate(names):
        if named := target_of(name):
            target, preference = named
            best[target] = min(best.get(target, (preference, column)), (preference, column))
    return {target: column for target, (_, column) in best.items()}


def _sense(layout: Layout) -> tuple[int, int]:
    return len(layout.columns), len(layout.names)


def _join(names: Sequence[str], delimiter: str) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(names)
    return line.getvalue()


def _unreadable(reason: str, target: str, cell: str) -> RecordInvalid:
    return RecordInvalid(reason, f"{target}: {cell[:_SHOWN]!r}")

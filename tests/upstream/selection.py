"""Which rows of a list an answer holds: filters, order, pages, and the disturbances faults ask for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Protocol, TypeVar

from .coingecko import WINDOWS

PAGE_DEFAULT: Final = 100
PAGE_MAX: Final = 250
"""CoinGecko clamps a larger per_page silently."""


class Listed(Protocol):
    """A row that can be looked up, ordered and paged."""

    @property
    def id(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def market_cap(self) -> float | None: ...
    @property
    def volume(self) -> float | None: ...


Row = TypeVar("Row", bound=Listed)


@dataclass(frozen=True, slots=True)
class View:
    """How a faulty upstream sees its own list; the default sees it as it is."""

    ticks_back: int = 0
    shuffle: int | None = None
    """Seed of a shuffle of the whole list."""
    without: frozenset[str] = frozenset()
    """Ids left out, so that later rows move up."""

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """The rows as this view has them."""
        seen = [row for row in rows if row.id not in self.without]
        if self.shuffle is not None:
            Random(self.shuffle).shuffle(seen)
        return seen


@dataclass(frozen=True, slots=True)
class MarketsQuery:
    """The parameters of /coins/markets that change which rows come, or what they hold."""

    ids: frozenset[str] = frozenset()
    symbols: frozenset[str] = frozenset()
    order: str = "market_cap_desc"
    per_page: int = PAGE_DEFAULT
    page: int = 1
    windows: tuple[str, ...] = ()

    @classmethod
    def of(cls, query: Mapping[str, str], page: int) -> "MarketsQuery":
        """Read the query string; unknown words count as not given."""
        per_page = query.get("per_page", "")
        return cls(
            ids=_words(query, "ids"),
            symbols=_words(query, "symbols"),
            order=query["order"] if query.get("order") in _ORDERS else "market_cap_desc",
            per_page=min(max(1, int(per_page)), PAGE_MAX) if _is_number(per_page) else PAGE_DEFAULT,
            page=page,
            windows=tuple(word for word in WINDOWS if word in _words(query, "price_change_percentage")),
        )

    @property
    def is_plain(self) -> bool:
        """Whether neither a filter nor another order is asked for."""
        return not self.ids and not self.symbols and self.order == "market_cap_desc"

    def page_of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The asked page of `rows`, which come by market cap descending; empty behind the last one."""
        chosen = rows if self.is_plain else self._ordered(rows)
        return chosen[(self.page - 1) * self.per_page : self.page * self.per_page]

    def _ordered(self, rows: Sequence[Row]) -> Sequence[Row]:
        # CoinGecko's order of precedence: ids before symbols.
        if self.ids:
            rows = [row for row in rows if row.id in self.ids]
        elif self.symbols:
            rows = [row for row in rows if row.symbol.lower() in self.symbols]
        key, reverse = _ORDERS[self.order]
        return sorted(rows, key=key, reverse=reverse)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _words(query: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(word.strip() for word in query.get(name, "").split(",") if word.strip())


def _cap(row: Listed) -> float:
    return -1 if row.market_cap is None else row.market_cap


def _volume(row: Listed) -> float:
    return row.volume or 0


def _id(row: Listed) -> str:
    return row.id


_ORDERS: Final[Mapping[str, tuple[Callable[[Any], Any], bool]]] = {
    "market_cap_desc": (_cap, True),
    "market_cap_asc": (_cap, False),
    "volume_desc": (_volume, True),
    "volume_asc": (_volume, False),
    "id_asc": (_id, False),
    "id_desc": (_id, True),
}

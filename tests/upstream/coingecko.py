"""CoinGecko's answers, written as its Rails server writes them."""

from collections.abc import Iterable, Sequence
from typing import Final

from . import text
from .coins import Coin, Quirk
from .market import Quote
from .text import ruby_number as number

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
WINDOWS: Final = {
    "1h": _HOUR,
    "24h": _DAY,
    "7d": 7 * _DAY,
    "14d": 14 * _DAY,
    "30d": 30 * _DAY,
    "200d": 200 * _DAY,
    "1y": 365 * _DAY,
}
"""Seconds of each word that price_change_percentage accepts."""
_LONG: Final = frozenset({"200d", "1y"})
_SAMPLES: Final = tuple(range(4 * _HOUR, _DAY + 1, 4 * _HOUR))
"""How long ago, in seconds, prices are looked at for the 24 h range; the last one is a day ago."""


def markets(quotes: Iterable[Quote], windows: Sequence[str]) -> bytes:
    """The body of /coins/markets; `windows` are the price_change_percentage words asked for."""
    # Rails sorts the extra fields by their text, so 14d comes before 1h.
    ordered = sorted(windows)
    return ("[" + ",".join(_row(quote, ordered) for quote in quotes) + "]").encode()


def coins_list(quotes: Iterable[Quote], *, platforms: bool) -> bytes:
    """The body of /coins/list, in an order that is neither by id nor by rank."""
    rows = (_list_row(quote.coin, platforms=platforms) for quote in sorted(quotes, key=_list_order))
    return ("[" + ",".join(rows) + "]").encode()


def _list_order(quote: Quote) -> tuple[int, str]:
    return quote.coin.number % 7, quote.id


def _list_row(coin: Coin, *, platforms: bool) -> str:
    assert coin.gecko is not None
    row = f'{{"id":{text.string(coin.gecko.id)},"symbol":{text.string(coin.gecko.symbol)}'
    row += f',"name":{text.string(coin.gecko.name)}'
    if platforms:
        row += f',"platforms":{_platforms(coin)}'
    return row + "}"


def _platforms(coin: Coin) -> str:
    if coin.platform is None:
        return "{}"
    return f'{{"{coin.platform}":"{coin.contract}"}}'


def _row(quote: Quote, windows: Sequence[str]) -> str:
    coin = quote.coin
    assert coin.gecko is not None
    return (
        f'{{"id":{text.string(quote.id)},"symbol":{text.string(quote.symbol)}'
        f',"name":{text.string(coin.gecko.name)},"image":"{_image(coin)}"'
        f',"current_price":{number(_shown(quote.price))},"market_cap":{number(quote.market_cap)}'
        f',"market_cap_rank":{number(quote.rank)},"fully_diluted_valuation":{number(_diluted(quote))}'
        f',"total_volume":{number(_whole(quote.volume))}{_day(quote)}{_supplies(coin)}{_extremes(quote)}'
        f',"roi":{_roi(coin)},"last_updated":"{text.milliseconds(quote.updated)}"{_changes(quote, windows)}}}'
    )


def _image(coin: Coin) -> str:
    return f"https://coin-images.coingecko.com/coins/images/{coin.number + 1}/large/coin.png?{coin.born // 1000}"


def _shown(price: float) -> float:
    """A price as shown: whole dollars from 5,000 up, cents from 1 up, six digits below."""
    if price >= 5_000:
        return round(price)
    return round(price, 2) if price >= 1 else float(f"{price:.6g}")


def _whole(amount: float) -> float:
    return round(amount) if amount >= 100 else amount


def _diluted(quote: Quote) -> int | None:
    return None if Quirk.NO_FDV in quote.coin.quirks else round(quote.price * quote.coin.maximum)


def _day(quote: Quote) -> str:
    """The six figures about the last 24 h, null together for dead coins."""
    if Quirk.DEAD in quote.coin.quirks:
        return (
            ',"high_24h":null,"low_24h":null,"price_change_24h":null,"price_change_percentage_24h":null'
            ',"market_cap_change_24h":null,"market_cap_change_percentage_24h":null'
        )
    # The present price is left out: real rows have prices outside low..high too.
    past = [quote.coin.walk.at(quote.updated / 1000 - ago) for ago in _SAMPLES]
    change, percent = quote.price - past[-1], round((quote.price / past[-1] - 1) * 100, 5)
    cap_change = change * quote.coin.supply
    return (
        f',"high_24h":{number(_shown(max(past)))},"low_24h":{number(_shown(min(past)))}'
        f',"price_change_24h":{number(change)},"price_change_percentage_24h":{number(percent)}'
        f',"market_cap_change_24h":{number(cap_change if quote.coin.number % 2 else round(cap_change))}'
        f',"market_cap_change_percentage_24h":{number(percent)}'
    )


def _supplies(coin: Coin) -> str:
    circulating = 0.0 if Quirk.ZERO_CIRCULATING in coin.quirks else coin.supply
    total = None if Quirk.NO_TOTAL in coin.quirks else coin.total
    maximum = None if Quirk.NO_MAX in coin.quirks else coin.maximum
    return f',"circulating_supply":{number(circulating)},"total_supply":{number(total)},"max_supply":{number(maximum)}'


def _extremes(quote: Quote) -> str:
    """All-time high and low."""
    coin, price = quote.coin, quote.price
    bound = coin.walk.bound()
    high = price * 0.98 if Quirk.ABOVE_ATH in coin.quirks else coin.walk.price * bound * coin.ath_ratio
    low = 0.0 if Quirk.ZERO_ATL in coin.quirks else coin.walk.price / bound / coin.ath_ratio
    rise = (price / low - 1) * 100 if low else 1.9e46
    return (
        f',"ath":{number(_shown(high))},"ath_change_percentage":{number(round((price / high - 1) * 100, 5))}'
        f',"ath_date":"{text.milliseconds(coin.born + 7_776_000_000)}"'
        f',"atl":{number(_shown(low))},"atl_change_percentage":{number(round(rise, 5))}'
        f',"atl_date":"{text.milliseconds(coin.born)}"'
    )


def _roi(coin: Coin) -> str:
    if Quirk.ROI not in coin.quirks:
        return "null"
    times, currency = coin.ath_ratio * 7 - 9, ("usd", "btc", "eth")[coin.number % 3]
    return f'{{"times":{number(times)},"currency":"{currency}","percentage":{number(times * 100)}}}'


def _changes(quote: Quote, windows: Sequence[str]) -> str:
    return "".join(f',"price_change_percentage_{word}_in_currency":{_change(quote, word)}' for word in windows)


def _change(quote: Quote, word: str) -> str:
    quirks = quote.coin.quirks
    if Quirk.DEAD in quirks or (Quirk.YOUNG in quirks and word in _LONG):
        return "null"
    before = quote.coin.walk.at(quote.updated / 1000 - WINDOWS[word])
    return number((quote.price / before - 1) * 100)

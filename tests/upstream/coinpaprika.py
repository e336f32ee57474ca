"""CoinPaprika's answers, written as its Go server writes them; every body ends with a newline."""

from collections.abc import Iterable
from typing import Final

from . import text
from .coins import Coin, Quirk
from .market import Quote, unknown_supply
from .text import go_number as number

_MINUTE: Final = 60
_WINDOWS: Final = {
    "15m": 15 * _MINUTE,
    "30m": 30 * _MINUTE,
    "1h": 60 * _MINUTE,
    "6h": 360 * _MINUTE,
    "12h": 720 * _MINUTE,
    "24h": 1440 * _MINUTE,
    "7d": 7 * 1440 * _MINUTE,
    "30d": 30 * 1440 * _MINUTE,
    "1y": 365 * 1440 * _MINUTE,
}
# CoinGecko's platforms, and the coins whose chains they are.
PLATFORMS: Final = {
    "ethereum": "eth-ethereum",
    "base": "base-base",
    "solana": "sol-solana",
    "polygon-pos": "matic-polygon",
    "arbitrum-one": "arb-arbitrum",
    "binance-smart-chain": "bnb-binance-coin",
    "tron": "trx-tron",
}
_INT64_MAX: Final = 2**63 - 1


def tickers(quotes: Iterable[Quote]) -> bytes:
    """The body of /tickers."""
    return ("[" + ",".join(map(_ticker, quotes)) + "]\n").encode()


def ticker(quote: Quote) -> bytes:
    """The body of /tickers/{id}."""
    return (_ticker(quote) + "\n").encode()


def coins(quotes: Iterable[Quote], inactive: Iterable[Coin]) -> bytes:
    """The body of /coins: the coins that have a ticker, then those that have none any more."""
    rows = [_coin(quote.coin, quote.rank or 0, active=True) for quote in quotes]
    rows += [_coin(coin, 0, active=False) for coin in inactive]
    return ("[" + ",".join(rows) + "]\n").encode()


def contracts(quotes: Iterable[Quote], platform: str) -> bytes:
    """The body of /contracts/{platform}; letters of addresses in capitals, as checksums have them."""
    found = (quote for quote in quotes if PLATFORMS.get(quote.coin.platform or "") == platform)
    rows = (
        f'{{"address":"0x{quote.coin.contract[2:].upper()}","id":{text.string(quote.id)},"type":"ERC20"}}'
        for quote in found
    )
    return ("[" + ",".join(rows) + "]\n").encode()


def _coin(coin: Coin, rank: int, *, active: bool) -> str:
    return (
        f'{{{_names(coin)},"rank":{rank},"is_new":{_boolean(Quirk.YOUNG in coin.quirks)}'
        f',"is_active":{_boolean(active)},"type":"{"token" if coin.platform else "coin"}"}}'
    )


def _boolean(value: object) -> str:
    return "true" if value else "false"


def _names(coin: Coin) -> str:
    assert coin.paprika is not None
    tail = " " if Quirk.BLANK_TAIL in coin.quirks else ""
    name, symbol = text.string(coin.paprika.name + tail), text.string(coin.paprika.symbol + tail)
    return f'"id":{text.string(coin.paprika.id)},"name":{name},"symbol":{symbol}'


def _ticker(quote: Quote) -> str:
    coin = quote.coin
    first = 0 if Quirk.NO_FIRST_DATA in coin.quirks else coin.born // 1000
    beta = -11_306_700 if Quirk.WILD in coin.quirks else (coin.ath_ratio * 7919 % 3000 - 1000) / 1000
    return (
        f'{{{_names(coin)},"rank":{quote.rank or 0}{_supplies(coin)},"beta_value":{number(round(beta, 6))}'
        f',"first_data_at":"{text.seconds(first)}","last_updated":"{text.seconds(quote.updated // 1000)}"'
        f',"quotes":{{"USD":{_usd(quote)}}}}}'
    )


def _supplies(coin: Coin) -> str:
    """Whole coins; 0 where CoinPaprika does not know, or where 64 bits are too few."""
    circulating = 0 if unknown_supply(coin) else int(coin.supply)
    total = 0 if Quirk.UNKNOWN_TOTAL in coin.quirks or coin.total > 9.2e18 else int(coin.total)
    maximum = 0 if Quirk.UNKNOWN_MAX in coin.quirks or coin.maximum > 9.2e18 else int(coin.maximum)
    if Quirk.INT64_MAX in coin.quirks:
        maximum = _INT64_MAX
    return f',"circulating_supply":{circulating},"total_supply":{total},"max_supply":{maximum}'


def _usd(quote: Quote) -> str:
    day = _percent(quote, "24h")
    changes = "".join(f',"percent_change_{word}":{number(_percent(quote, word))}' for word in _WINDOWS)
    return (
        f'{{"price":{number(float(f"{quote.price:.14g}"))},"volume_24h":{number(float(f"{quote.volume:.14g}"))}'
        f',"volume_24h_change_24h":{number(round(day * 3, 2))},"market_cap":{quote.market_cap or 0}'
        f',"market_cap_change_24h":{number(day if quote.market_cap else 0)}{changes}{_high(quote)}}}'
    )


def _percent(quote: Quote, word: str) -> float:
    """Percent with two digits; 0 where there is no data, and absurd for a few."""
    quirks = quote.coin.quirks
    if word == "1y" and Quirk.YOUNG in quirks:
        return 0
    if word == "1y" and Quirk.WILD in quirks:
        return 107_649_910
    before = quote.coin.walk.at(quote.updated / 1000 - _WINDOWS[word])
    return round((quote.price / before - 1) * 100, 2)


def _high(quote: Quote) -> str:
    coin = quote.coin
    if Quirk.NO_ATH in coin.quirks:
        return ',"ath_price":null,"ath_date":null,"percent_from_price_ath":null'
    high = 36_396_472_017.0 if Quirk.WILD in coin.quirks else coin.walk.price * coin.walk.bound() * coin.ath_ratio
    percent = min(0.0, round((quote.price / high - 1) * 100, 2))
    return (
        f',"ath_price":{number(float(f"{high:.8g}"))},"ath_date":"{text.seconds(coin.born // 1000 + 7_776_000)}"'
        f',"percent_from_price_ath":{number(percent)}'
    )

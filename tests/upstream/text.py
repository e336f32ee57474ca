"""How the two upstreams write JSON text: numbers, strings and times.

CoinGecko is Ruby on Rails (`4.2e+17`, `1.3e-08`, `21000000.0`), CoinPaprika is Go (`3.84e-18`, `21000000`).
Clients that keep the received bytes see these differences, so the stand-in writes them too.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

# Rails and Go both escape these inside JSON strings, so that JSON can stand in an HTML page.
_HTML_UNSAFE: Final = str.maketrans(
    {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def string(value: str) -> str:
    """A JSON string: non-ASCII letters as they are, `&`, `<` and `>` as `\\u0026` and so on."""
    return json.dumps(value, ensure_ascii=False).translate(_HTML_UNSAFE)


def ruby_number(value: float | None) -> str:
    """A number as CoinGecko writes it: an exponent always has a fraction before it (`1.0e+15`)."""
    if value is None:
        return "null"
    text = repr(value)
    if "e" in text and "." not in text:
        return text.replace("e", ".0e")
    return text


def go_number(value: float | None) -> str:
    """A number as CoinPaprika writes it: no `.0`, exponents only below 1e-6 and from 1e21 on."""
    if value is None:
        return "null"
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e21):
        return str(int(value))
    text = repr(value)
    if "e" not in text:
        return text
    if 1e-6 <= abs(value) < 1e21:
        return format(Decimal(text), "f")
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent):+d}"


def milliseconds(moment_ms: int) -> str:
    """A time as CoinGecko writes it: `2025-06-01T00:00:00.123Z`."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def seconds(moment_s: int) -> str:
    """A time as CoinPaprika writes it: `2025-06-01T00:00:00Z`."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="seconds")[:-6] + "Z"

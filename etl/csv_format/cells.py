"""CSV cells as people and programs write them -> numbers and moments.

Anything that cannot be read with confidence is refused with `UnreadableCell`; a wrong number is worse than none.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite

UNKNOWN = frozenset(
    [
        "",
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        "n/a",
        "#n/a",
        "na",
        "null",
        "none",
        "nil",
        "nan",
        "nat",
        "<na>",
        "?",
        "??",
    ]
    + [sign + word for sign in ("", "+", "-") for word in ("∞", "inf", "infinity")]
)

_LONGEST_NUMBER = 200
_MAGNITUDES = {
    **dict.fromkeys(("k", "thousand"), 3),
    **dict.fromkeys(("m", "mn", "mil", "mio", "million", "millions"), 6),
    **dict.fromkeys(("b", "bn", "bil", "billion", "billions"), 9),
    **dict.fromkeys(("t", "tn", "tr", "trillion", "trillions"), 12),
}
_COMMON = re.compile(r"[+-]?\$?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]{1,50})(?:\.[0-9]{1,50})?%?")
_SPELLED = re.compile(
    r"(?P<sign>[+-]?) *+(?P<money>(?:us)?\$|usd)? *+(?P<inner>[+-]?) *+"
    r"(?P<digits>[0-9.,'\ ]*[0-9.,'])(?P<exponent>e[+-]?[0-9]+)?"
    r"(?P<words>(?: *+(?:[^\W\d_]++|[%$]))*+)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+|[%$]")
_NOT_A_DIGIT = re.compile("[^0-9]")
_WHOLE_GROUPS = re.compile(r"[1-9][0-9]{0,2}([ ',.])[0-9]{3}(?:\1[0-9]{3})*")
_INDIAN_GROUPS = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
_FOLDED = str.maketrans(
    {"\u2212": "-", "\u2019": "'", "\u00b4": "'"} | dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " ")
)

_COMPACT_DATE = re.compile(r"(?:19|20)[0-9]{6}")
_MILLISECONDS_FROM = 1e11
_LONGEST_DATE = 64
_DATE_FORMATS = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%a, %d %b %Y %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
)
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(.*)")


class UnreadableCell(ValueError):
    """The cell is neither unknown nor something we can read."""


def number_of(cell: str, symbol: str = "") -> float | None:
    """The figure in a cell, None when it is unknown. `symbol` is the row's own, a unit the cell may carry."""
    try:
        value = float(cell)
    except ValueError:
        return _spelled_number(cell.strip(), symbol)
    if isfinite(value):
        return value
    if cell.strip().lower() in UNKNOWN:
        return None
    raise UnreadableCell


def whole_number_of(cell: str) -> int | None:
    """A rank: `1`, `1.0`, `#1`."""
    value = number_of(cell.removeprefix("#"))
    if value is None:
        return None
    if not value.is_integer():
        raise UnreadableCell
    return int(value)


def moment_of(cell: str) -> datetime | None:
    """Aware UTC time of epoch seconds or milliseconds or a written date; a date without zone is UTC."""
    if cell.lower() in UNKNOWN:
        return None
    if len(cell) > _LONGEST_DATE:
        raise UnreadableCell
    try:
        moment = _numeric_moment(cell) or _written_moment(cell)
    except (ValueError, OverflowError, OSError):
        raise UnreadableCell from None
    if moment.year < 1970:
        raise UnreadableCell
    return moment


def _spelled_number(cell: str, symbol: str) -> float | None:
    if _COMMON.fullmatch(cell) or _COMMON.fullmatch(cell := _without_own_unit(cell, symbol)):
        return float(cell.replace(",", "").replace("$", "").removesuffix("%"))
    return None if cell.lower() in UNKNOWN else _unusual_number(cell)


def _unusual_number(cell: str) -> float:
    if len(cell) > _LONGEST_NUMBER:
        raise UnreadableCell
    match = _SPELLED.fullmatch(" ".join(cell.translate(_FOLDED).split()))
    if match is None or (match["sign"] and match["inner"]):
        raise UnreadableCell
    power = _power_of_ten(_WORD.findall(match["words"].lower()))
    value = _scaled(_ungrouped(match["digits"]), match["exponent"] or "", power)
    return -value if "-" in (match["sign"], match["inner"]) else value


def _without_own_unit(cell: str, symbol: str) -> str:
    """`9,000 T` is nine thousand coins of the coin T, but `$9 T` is nine trillion dollars."""
    head, unit = cell[: -len(symbol)], cell[-len(symbol) :]
    if unit.lower() == symbol.lower() and head[-1:].isspace() and "$" not in head:
        return head.rstrip()
    return cell


def _power_of_ten(words: list[str]) -> int:
    """A magnitude, then at most one unit: `B`, `million USD`, `BTC`, `%`."""
    power = _MAGNITUDES.get(words[0], 0) if words else 0
    if len(words) > (2 if power else 1):
        raise UnreadableCell
    return power


def _scaled(digits: str, exponent: str, power: int) -> float:
    # Written as one literal, `1.1 billion` is rounded once and comes out as exactly 1100000000.
    literal = float(f"{digits}e{int(exponent[1:] or 0) + power}")
    if not isfinite(literal):
        raise UnreadableCell
    return literal


def _ungrouped(digits: str) -> str:
    """Digits with `.` as the decimal mark and no grouping, from any of the world's ways to group them."""
    whole, mark, fraction = _split_at_decimal_mark(digits)
    if whole and not (whole.isdigit() or _is_grouped(whole)):
        raise UnreadableCell
    if mark and not fraction.isdigit():
        raise UnreadableCell
    return f"{_NOT_A_DIGIT.sub('', whole) or '0'}.{fraction or '0'}"


def _split_at_decimal_mark(digits: str) -> tuple[str, str, str]:
    """One comma before three digits groups them, as in `$1,234`; one dot never does, as in `$1.234`."""
    if _is_grouped(digits) and digits.count(".") != 1:
        return digits, "", ""
    mark = max(digits.rfind("."), digits.rfind(","))
    if mark < 0 or digits[mark] in digits[:mark]:
        return digits, "", ""
    return digits[:mark], digits[mark], digits[mark + 1 :]


def _is_grouped(digits: str) -> bool:
    return bool(_WHOLE_GROUPS.fullmatch(digits) or _INDIAN_GROUPS.fullmatch(digits))


def _numeric_moment(cell: str) -> datetime | None:
    if cell[4:5] == "-" or _COMPACT_DATE.fullmatch(cell):
        return None
    try:
        seconds = float(cell)
    except ValueError:
        return None
    return datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds, UTC)


def _written_moment(cell: str) -> datetime:
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        moment = _uncommon_moment(cell)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def _uncommon_moment(cell: str) -> datetime:
    bare = " ".join(cell.split())
    for zone in (" UTC", " GMT", "Z"):
        bare = bare.removesuffix(zone)
    with suppress(ValueError):
        return datetime.fromisoformat(bare)
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(bare, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return _slashed_moment(bare)


def _slashed_moment(text: str) -> datetime:
    """`1/29/2022` and `29/1/2022` say which number is the day; `1/2/2022` does not and is refused."""
    match = _SLASHED.fullmatch(text)
    if match is None:
        raise UnreadableCell
    first, second = int(match[1]), int(match[2])
    if (first > 12) == (second > 12) and first != second:
        raise UnreadableCell
    day, month = max(first, second), min(first, second)
    return datetime.fromisoformat(f"{match[3]}-{month:02d}-{day:02d}{match[4]}").replace(tzinfo=UTC)

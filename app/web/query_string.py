"""Query strings, read strictly: what is unknown, repeated or unusable is refused by name, all of it at once."""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, quote_from_bytes

from app.web.errors import BadParameter, InvalidParameters

MOST_ERRORS = 20
_LONGEST_SHOWN = 80
_ASCII = bytes(range(128))
_INTEGER = re.compile(r"-?[0-9]+")
_MOST_DIGITS = 18


class QueryString:
    """The parameters of one request. Problems are collected; `check` raises them."""

    def __init__(self, raw: bytes, known: Collection[str]) -> None:
        self._errors: list[BadParameter] = []
        self._values: dict[str, str] = {}
        for name, value in _pairs(raw):
            if name not in known:
                self.refuse(name, f"unknown; known are {', '.join(known)}")
            elif name in self._values:
                self.refuse(name, "given more than once")
            elif not _is_unicode(value):
                self.refuse(name, "not UTF-8")
            else:
                self._values[name] = value

    def text(self, name: str) -> str | None:
        """The value; None where it is not given. Empty counts as not given, as in `?q=&source=`."""
        return self._values.get(name) or None

    def integer(self, name: str, default: int, *, low: int, high: int, beyond: str = "") -> int:
        """A whole number from low to high; the default where it is not given, or refused. `beyond` advises those
        who are refused for wanting more."""
        value = self._values.get(name)
        if value is None:
            return default
        if not _INTEGER.fullmatch(value):
            self.refuse(name, f"not a whole number; {low} to {high} are possible")
        elif len(value) > _MOST_DIGITS or not low <= int(value) <= high:
            self.refuse(name, f"out of range; {low} to {high} are possible{beyond}")
        else:
            return int(value)
        return default

    def refuse(self, name: str, detail: str) -> None:
        shown = name[:_LONGEST_SHOWN].encode(errors="replace").decode()
        self._errors.append(BadParameter(shown, detail))

    def check(self) -> None:
        """Raise InvalidParameters if anything was refused; an endless list is cut."""
        if self._errors:
            raise InvalidParameters(self._errors[:MOST_ERRORS])


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    # Some clients send UTF-8 without percent-encoding it. What is not UTF-8 becomes lone surrogates.
    text = quote_from_bytes(raw, safe=_ASCII)
    return parse_qsl(text, keep_blank_values=True, errors="surrogateescape")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

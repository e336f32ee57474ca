"""CSV bytes -> raw records, in bounded memory whatever the bytes are.

A record is a line, or several lines when a quoted cell holds line breaks. Quotes mean what they mean to
Python's csv module: they count only at the start of a cell (blanks before them are skipped). Lines end in
LF or CRLF; blank lines are no records. Nothing else is dropped, and no input makes this module fail.
"""

import codecs
import gzip
import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

BLOCK_BYTES = 256 * 1024
LONGEST_RECORD = 1024 * 1024
KEPT_OF_TOO_LONG = 64 * 1024
DELIMITERS = ",;\t|"

TOO_LONG = f"longer than {LONGEST_RECORD} bytes"
OPEN_QUOTE = "quote without an end"
NUL_BYTE = "NUL byte"

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What windows-1252 leaves undefined stays the control character of the same number, so no byte is lost.
_WINDOWS_1252 = {
    byte: bytes([byte]).decode("cp1252") for byte in range(0x80, 0xA0) if byte not in b"\x81\x8d\x8f\x90\x9d"
}


# A raw record without its line terminator, and why it cannot be taken apart, if so. (A million of them must
# be cheap, so it is a plain tuple.)
Piece = tuple[bytes, str | None]


class _QuoteRules(NamedTuple):
    leaves_open: re.Pattern[bytes]
    closes_cleanly: re.Pattern[bytes]


@lru_cache(maxsize=16)
def _quote_rules(delimiters: str) -> _QuoteRules:
    """Patterns that look at one line; possessive throughout, so they take linear time on any bytes."""
    end = b"[" + re.escape(delimiters.encode()) + b"]"
    rest = b"[^" + re.escape(delimiters.encode()) + b"]*+"
    inside = rb'(?:[^"]++|"")*+'
    cell = rb'\ *+(?:"' + inside + b'"' + rest + rb'|(?!")' + rest + b")"
    return _QuoteRules(
        re.compile(b"(?:" + cell + end + rb')*+\ *+"' + inside + rb"\Z"),
        re.compile(b'"' + inside + rb"(?:\"[ \r]*+(?:" + end + rb"|\Z)|\Z)"),
    )


def read_blocks(path: Path) -> Iterator[bytes]:
    """The file's bytes, unzipped if need be, without byte order mark; UTF-16 (with mark) becomes UTF-8."""
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with cast("BinaryIO", opened(path, "rb")) as file:
        first = file.read(BLOCK_BYTES)
        blocks = _chain(first.removeprefix(codecs.BOM_UTF8), file)
        yield from _utf8_of_utf16(blocks) if first.startswith(_UTF16_MARKS) else blocks


def _chain(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    block = first
    while block:
        yield block
        block = file.read(BLOCK_BYTES)


def _utf8_of_utf16(blocks: Iterable[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def physical_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines without their LF. Of a line longer than LONGEST_RECORD more than that is kept, but never all."""
    tail = b""
    for block in blocks:
        lines = (tail + block).split(b"\n")
        tail = lines.pop()[: LONGEST_RECORD + 1]
        yield from lines
    if tail:
        yield tail


def raw_records(lines: Iterator[bytes], delimiters: str) -> Iterator[Piece]:
    """Join lines to records. A quote that never ends costs its own line only, not the rest of the file."""
    return iter(_RecordReader(lines, delimiters))


class _RecordReader:
    """Lines with a way back, so that looking for the end of a quote can be undone."""

    def __init__(self, lines: Iterator[bytes], delimiters: str) -> None:
        self._lines = lines
        self._rules = _quote_rules(delimiters)
        self._given_back: deque[bytes] = deque()
        self._hopeless = 0

    def __iter__(self) -> Iterator[Piece]:
        leaves_open = self._rules.leaves_open.match
        while (line := self._next_line()) is not None:
            if b'"' in line and len(line) <= LONGEST_RECORD and leaves_open(line):
                yield self._opened_by(line)
            elif line and not line.isspace():
                yield _piece(line)

    def _next_line(self) -> bytes | None:
        self._hopeless -= 1
        if not self._given_back:
            return next(self._lines, None)
        return self._given_back.popleft()

    def _opened_by(self, line: bytes) -> Piece:
        whole = None if self._hopeless >= 0 else self._look_ahead(line)
        return (line.removesuffix(b"\r"), OPEN_QUOTE) if whole is None else _piece(whole)

    def _look_ahead(self, first: bytes) -> bytes | None:
        """The lines of a quoted record joined, or None with all but the first given back."""
        seen, size, clean = [first], len(first), True
        while clean and size <= LONGEST_RECORD and (line := self._next_line()) is not None:
            seen.append(line)
            size += len(line) + 1
            inside = b'"' + line
            clean = self._rules.closes_cleanly.match(inside) is not None
            if clean and size <= LONGEST_RECORD and not self._rules.leaves_open.match(inside):
                return b"\n".join(seen)
        self._give_back(seen[1:], hopeless=len(seen) - (1 if clean else 2))
        return None

    def _give_back(self, lines: list[bytes], *, hopeless: int) -> None:
        """Lines that end inside the same quote are `hopeless`: looking ahead from them would fail again.

        Without that memory a file of stray quotes would be read a quadratic number of times.
        """
        self._given_back.extendleft(reversed(lines))
        self._hopeless = hopeless


def _piece(line: bytes) -> Piece:
    if len(line) > LONGEST_RECORD:
        return _cut(line), TOO_LONG
    return line.removesuffix(b"\r"), NUL_BYTE if b"\0" in line else None


def _cut(line: bytes) -> bytes:
    """The first bytes of a line that is too long, without half a UTF-8 character at the end."""
    kept = line[:KEPT_OF_TOO_LONG]
    for length in range(1, 4):
        if kept[-length] & 0xC0 == 0xC0:
            return kept[:-length]
        if kept[-length] < 0x80:
            break
    return kept


def as_utf8(raw: bytes) -> tuple[str, bytes]:
    """The record's text, and its bytes: its own when they are UTF-8, else windows-1252 turned into UTF-8.

    Decided per record, so one stray byte spoils the accents of one row and not of a whole file.
    """
    try:
        return raw.decode(), raw
    except UnicodeDecodeError:
        text = raw.decode("latin-1").translate(_WINDOWS_1252)
        return text, text.encode()


def damage_of(payload: bytes, delimiter: str) -> str | None:
    """What makes a record as it was split off unreadable, as far as its own bytes can tell."""
    if b"\0" in payload:
        return NUL_BYTE
    opens = b'"' in payload and _quote_rules(delimiter).leaves_open.match(payload)
    return OPEN_QUOTE if opens else None

"""Rows as CSV or NDJSON. Doubles keep every digit, times are ISO 8601 in UTC with `Z`, unknown is empty or null.

Text is written as it is stored, so a cell may begin with `=`: a spreadsheet that is to open the file should be told
that its columns are text (docs/export.md).
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from graphql_schema import ids

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How rows become bytes. Rows may be longer than the names; what is behind them is left out."""

    media_type: str
    header: Callable[[Sequence[str]], bytes]
    body: Callable[[Sequence[str], Rows], bytes]


def with_global_ids(names: Sequence[str], rows: Rows) -> Rows:
    """Assets lead with their row's id; the world knows them by the graph's."""
    if names[0] != "id":
        return rows
    return [(ids.encode("Asset", row[0]), *row[1 : len(names)]) for row in rows]


def _csv_header(names: Sequence[str]) -> bytes:
    return (",".join(names) + "\n").encode()


def _csv_body(names: Sequence[str], rows: Rows) -> bytes:
    text = io.StringIO()
    width = len(names)
    csv.writer(text, lineterminator="\n").writerows([_cell(value) for value in row[:width]] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _no_header(_: Sequence[str]) -> bytes:
    return b""


def _ndjson_body(names: Sequence[str], rows: Rows) -> bytes:
    option = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    return b"".join(orjson.dumps(dict(zip(names, row, strict=False)), option=option) for row in rows)


CSV = TextFormat("text/csv; charset=utf-8", _csv_header, _csv_body)
NDJSON = TextFormat("application/x-ndjson", _no_header, _ndjson_body)

"""Rows as a text file, or on standard output."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from app.exports.text_formats import Rows, TextFormat


class TextFile:
    """A file of one format; `path` None is standard output, which stays open."""

    def __init__(self, path: Path | None, names: Sequence[str], form: TextFormat) -> None:
        self._file: BinaryIO = sys.stdout.buffer if path is None else path.open("wb")
        self._names = names
        self._form = form
        self._file.write(form.header(names))

    def write(self, rows: Rows) -> None:
        self._file.write(self._form.body(self._names, rows))

    def close(self) -> None:
        self._file.flush()
        if self._file is not sys.stdout.buffer:
            self._file.close()

"""A short list of row ids in one column, for lists that are read and written as a whole."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

Ids = tuple[int, ...]


class IdList(TypeDecorator[Ids]):
    """Ascending ids as text, `3,17,20`: the same list is always the same text, so that columns can be compared."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[int] | None, dialect: Dialect) -> str | None:
        return None if value is None else ",".join(map(str, sorted(set(value))))

    def process_result_value(self, value: Any, dialect: Dialect) -> Ids | None:
        return None if value is None else tuple(int(part) for part in value.split(",") if part)

"""What decides about a request is a few headers of its head: the same ones, from a client that asks again."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from starlette.types import Scope

Header = tuple[bytes, bytes]
Said = tuple[Header, ...]
T = TypeVar("T")
REMEMBERED = 256
# Longer heads are no client's habit, and would fill the memory.
MOST_HEADERS, LONGEST_VALUE = 16, 512


def said(scope: Scope, names: frozenset[bytes]) -> Said:
    """The headers of these names (in lower case), as they came: a key to remember under what they came to."""
    return tuple([header for header in scope["headers"] if header[0] in names])


def remembered(judge: Callable[[Said], T]) -> Callable[[Said], T]:
    """`judge`, asked once for heads that say the same; what it raises is raised anew each time."""
    kept = lru_cache(REMEMBERED)(judge)

    def judged(headers: Said) -> T:
        if len(headers) > MOST_HEADERS:
            return judge(headers)
        for _, value in headers:
            if len(value) > LONGEST_VALUE:
                return judge(headers)
        return kept(headers)

    return judged

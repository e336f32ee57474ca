"""What decides about a request is a few headers of its head: the same ones, from a client that asks again."""

from starlette.types import Scope

Header = tuple[bytes, bytes]
Said = tuple[Header, ...]


def said(scope: Scope, names: frozenset[bytes]) -> Said:
    """The headers of these names (in lower case), as they came: a key to remember under what they came to."""
    return tuple([header for header in scope["headers"] if header[0] in names])

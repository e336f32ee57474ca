"""What the Accept header says, as far as we have a choice."""

from collections.abc import Sequence
from functools import lru_cache


@lru_cache(256)
def preferred(accept: str, offered: tuple[str, ...]) -> str:
    """The media type to answer with: the first offered unless the client clearly prefers another.

    A client that accepts none of them gets the first as well; it may still make something of it.
    """
    if not accept.strip():
        return offered[0]
    ranges = _ranges(accept)
    # A type by its own name says more than one that a wildcard covers.
    return max(offered, key=lambda media_type: (_quality(ranges, media_type), ranges.get(media_type, 0.0)))


def accepts(accept: str, media_type: str) -> bool:
    """Whether the header names the media type itself, not only by a wildcard."""
    return _ranges(accept).get(media_type, 0.0) > 0


def _quality(ranges: dict[str, float], media_type: str) -> float:
    kind = media_type.partition("/")[0]
    for candidate in (media_type, f"{kind}/*", "*/*"):
        if candidate in ranges:
            return ranges[candidate]
    return 0.0


def _ranges(accept: str) -> dict[str, float]:
    found = {}
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        found[media_range] = _weight(parameters)
    return found


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0

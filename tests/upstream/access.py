"""What an upstream looks at before it answers: User-Agent and API keys."""

from dataclasses import dataclass

from . import errors
from .messages import Answer, Request


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys the stand-in asks for; None: it asks for none.

    With `coingecko_demo` it behaves like CoinGecko's public host, with `coingecko_pro` like the paid one.
    """

    coingecko_demo: str | None = None
    coingecko_pro: str | None = None
    coinpaprika: str | None = None


def refusal(request: Request, keys: Keys) -> Answer | None:
    """The answer to a request that may not pass, or None."""
    return _coingecko(request, keys) if request.is_coingecko else _coinpaprika(request, keys)


def _coingecko(request: Request, keys: Keys) -> Answer | None:
    if not request.headers.get("user-agent"):
        return errors.html(403, "403 Forbidden")
    demo, pro = _sent(request, "x-cg-demo-api-key"), _sent(request, "x-cg-pro-api-key")
    if keys.coingecko_demo is not None:
        return _checked(demo, keys.coingecko_demo, pro, errors.PRO_KEY_HERE)
    if keys.coingecko_pro is not None:
        return _checked(pro, keys.coingecko_pro, demo, errors.DEMO_KEY_HERE)
    return None


def _checked(sent: str | None, wanted: str, other: str | None, misplaced: Answer) -> Answer | None:
    if sent == wanted:
        return None
    return misplaced if other is not None else errors.KEY_MISSING


def _sent(request: Request, header: str) -> str | None:
    """A key may come as a header or in the query."""
    return request.headers.get(header) or request.query.get(header.replace("-", "_"))


def _coinpaprika(request: Request, keys: Keys) -> Answer | None:
    if keys.coinpaprika is None:
        return None
    # The SDK sends the bare key, the introduction of the documentation shows Bearer.
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    return None if sent == keys.coinpaprika else errors.PAPRIKA_BAD_KEY

"""Error answers in the shapes the two upstreams really use."""

import json
from typing import Final

from .messages import Answer, Body, Request, json_answer

_REASONS: Final = {
    400: "Bad request",
    401: "Unauthorized",
    402: "This is not allowed in this plan",
    403: "Forbidden",
    404: "Not found",
    429: "You've exceeded the Rate Limit",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def status_object(status: int, code: int, message: str) -> Answer:
    """CoinGecko: `{"status":{"error_code":...,"error_message":"..."}}`."""
    return json_answer(status, _dump({"status": {"error_code": code, "error_message": message}}))


def flat(status: int, message: str) -> Answer:
    """CoinGecko: `{"error":"..."}`."""
    return json_answer(status, _dump({"error": message}))


def paprika(status: int, message: str) -> Answer:
    """CoinPaprika: `{"error":"..."}` and a newline."""
    return json_answer(status, _dump({"error": message}) + b"\n", content_type="application/json")


def html(status: int, title: str) -> Answer:
    """A page of the network in front of the upstream."""
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Answer(status, Body(page.encode()), {"content-type": "text/html; charset=UTF-8"})


def plain(status: int, text: str) -> Answer:
    """A line of text, as edge rules answer."""
    return Answer(status, Body(text.encode()), {"content-type": "text/plain; charset=UTF-8"})


def usual(status: int, request: Request) -> Answer:
    """The error an upstream gives with this status, in the shape of the upstream that was asked."""
    reason = _REASONS.get(status, f"Error {status}")
    return status_object(status, status, reason) if request.is_coingecko else paprika(status, reason)


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


MISSING_CURRENCY: Final = flat(422, "Missing parameter vs_currency")
INVALID_CURRENCY: Final = flat(422, "invalid vs_currency")
UNKNOWN_PATH: Final = flat(404, "Incorrect path")
KEY_MISSING: Final = status_object(401, 10002, "API Key Missing")
PRO_KEY_HERE: Final = status_object(400, 10010, "A Pro API key belongs to the Pro API root URL")
DEMO_KEY_HERE: Final = status_object(400, 10011, "A Demo API key belongs to the public API root URL")
PAPRIKA_UNKNOWN_ID: Final = paprika(404, "id not found")
PAPRIKA_BAD_KEY: Final = paprika(403, "invalid API key")

NAMED: Final[dict[str, Answer]] = {
    "coingecko-422-missing-currency": MISSING_CURRENCY,
    "coingecko-404-coin": flat(404, "coin not found"),
    "coingecko-429": status_object(429, 429, "You've exceeded the Rate Limit"),
    "coingecko-429-html": html(429, "Access denied | rate limited"),
    "coingecko-10002": KEY_MISSING,
    "coingecko-10005": status_object(401, 10005, "This request is limited to paid plans"),
    "coingecko-10010": PRO_KEY_HERE,
    "coingecko-10011": DEMO_KEY_HERE,
    "coingecko-10012-nested": json_answer(
        401, _dump({"error": {"status": {"error_code": 10012, "error_message": "Too far in the past"}}})
    ),
    "coingecko-403-switched-off": status_object(403, 403, "This endpoint is switched off"),
    "coingecko-1020": plain(403, "error code: 1020"),
    "coingecko-504-html": html(504, "504 Gateway Time-out"),
    "coingecko-challenge": html(403, "Attention Required!"),
    "coinpaprika-402": paprika(402, "This data is not allowed in this plan"),
    "coinpaprika-403": PAPRIKA_BAD_KEY,
    "coinpaprika-404": PAPRIKA_UNKNOWN_ID,
    "coinpaprika-429": paprika(429, "too many requests"),
    "coinpaprika-500": paprika(500, "internal server error"),
}
"""For the fault kind `error`; replay adds the recorded ones."""

"""What each kind of fault does. Two sorts: those that bend the view of the list, and those that spoil an answer.

Each function's keyword arguments are the parameters of the fault kind of the same name.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import Concatenate, Final, Literal

from . import errors, spoil, text
from .messages import Answer, Body, Delivery, Manner, Request
from .selection import View

# ---- the view: (view, how many times this rule has matched) -> view


def stale(view: View, call: int, *, ticks: int = 10) -> View:
    """An answer out of a cache: the market as it was some ticks ago. No effect in replay."""
    return replace(view, ticks_back=view.ticks_back + ticks)


def shuffle(view: View, call: int, *, seed: int = 0) -> View:
    """The list is in another order at every request, so pages overlap and leave gaps."""
    return replace(view, shuffle=seed + call)


def vanish(view: View, call: int, *, ids: list[str]) -> View:
    """Coins are gone from the list, and later rows move up."""
    return replace(view, without=view.without | frozenset(ids))


# ---- the answer: (answer, request) -> answer


def status(
    answer: Answer,
    request: Request,
    *,
    status: int,
    retry_after: float | None = None,
    retry_as: Literal["seconds", "date"] = "seconds",
    body: str | None = None,
) -> Answer:
    """An error status with the upstream's usual body (or `body`), Retry-After in seconds or as a date."""
    spoiled = errors.usual(status, request)
    if body is not None:
        spoiled = replace(spoiled, body=Body(body.encode()))
    if retry_after is None:
        return spoiled
    return replace(spoiled, headers={**spoiled.headers, "retry-after": _retry_after(retry_after, retry_as)})


def _retry_after(after: float, form: str) -> str:
    if form == "seconds":
        return f"{after:g}"
    return format_datetime(datetime.now(UTC) + timedelta(seconds=after), usegmt=True)


def error(answer: Answer, request: Request, *, name: str) -> Answer:
    """One of the real error answers of errors.NAMED."""
    return errors.NAMED[name]


def html(answer: Answer, request: Request, *, status: int = 200) -> Answer:
    """A page of HTML where JSON was due."""
    return errors.html(status, "Just a moment...")


def echo_key(answer: Answer, request: Request, *, status: int = 401) -> Answer:
    """An error whose body repeats the key that was sent."""
    sent = [value for name, value in request.headers.items() if name in KEY_HEADERS]
    sent += [value for name, value in request.query.items() if name.replace("_", "-") in KEY_HEADERS]
    message = f"invalid API key: {' '.join(sent)}"
    return errors.flat(status, message) if request.is_coingecko else errors.paprika(status, message)


KEY_HEADERS: Final = ("authorization", "x-cg-demo-api-key", "x-cg-pro-api-key")


def empty(answer: Answer, request: Request) -> Answer:
    """200 with an empty list."""
    return Answer(200, Body(b"[]" if request.is_coingecko else b"[]\n"), {"content-type": "application/json"})


def cut(answer: Answer, request: Request, *, at: float = 0.5) -> Answer:
    """JSON that stops in the middle, sent with a matching Content-Length."""
    return _with_body(answer, answer.body.plain[: int(len(answer.body.plain) * at)])


def gzip_bomb(answer: Answer, request: Request, *, size: int = 200_000_000) -> Answer:
    """A small gzip body that unpacks to `size` bytes of a JSON list with nothing but blanks."""
    headers = {**answer.headers, "content-encoding": "gzip"}
    return replace(answer, status=200, body=Body(_bomb(size)), headers=headers)


@lru_cache(maxsize=2)
def _bomb(size: int) -> bytes:
    packer, blanks = zlib.compressobj(9, wbits=31), b" " * 1_000_000
    whole, rest = divmod(max(0, size - 2), len(blanks))
    parts = [packer.compress(part) for part in (b"[", *[blanks] * whole, blanks[:rest], b"]")]
    return b"".join([*parts, packer.flush()])


def duplicate(answer: Answer, request: Request, *, rows: int = 3) -> Answer:
    """The first rows come a second time, at the end."""
    every = spoil.rows_of(answer.body.plain)
    return _with_body(answer, spoil.with_rows(answer.body.plain, every + every[:rows]))


def drop_field(answer: Answer, request: Request, *, field: str, row: int | None = None) -> Answer:
    """A field (dotted path) is missing in one row, or in all."""
    return _changed(answer, row, lambda text: spoil.set_field(text, field, None))


def set_field(answer: Answer, request: Request, *, field: str, literal: str, row: int | None = None) -> Answer:
    """A field (dotted path) holds this JSON text instead, in one row or in all; a new field is added."""
    return _changed(answer, row, lambda text: spoil.set_field(text, field, literal.encode()))


def retype(answer: Answer, request: Request, *, field: str, row: int | None = None) -> Answer:
    """A number (or null) becomes a text, a text becomes an object: `67.8` to `"67.8"`, `"btc"` to `{"value":"btc"}`."""

    def change(text: bytes) -> bytes:
        value = spoil.get_field(text, field) or b"null"
        return spoil.set_field(text, field, b'{"value":' + value + b"}" if value[:1] == b'"' else b'"' + value + b'"')

    return _changed(answer, row, change)


def poison(answer: Answer, request: Request, *, what: str, field: str | None = None, row: int | None = 0) -> Answer:
    """One of spoil.LITERALS in one row: in its price or, for texts, in its name, or in `field`."""
    number = "current_price" if request.is_coingecko else "quotes.USD.price"
    where = field or ("name" if what in spoil.TEXTS else number)
    return _changed(answer, row, lambda text: spoil.set_field(text, where, spoil.LITERALS[what]))


def future(answer: Answer, request: Request, *, seconds: int = 86_400, row: int | None = 0) -> Answer:
    """last_updated lies this many seconds ahead of the real clock."""
    moment = int(datetime.now(UTC).timestamp()) + seconds
    written = text.milliseconds(moment * 1000) if request.is_coingecko else text.seconds(moment)
    return _changed(answer, row, lambda row_: spoil.set_field(row_, "last_updated", f'"{written}"'.encode()))


# ---- the delivery


def truncated(answer: Answer, request: Request, *, after: int | None = None) -> Answer:
    """Content-Length promises more than comes; half of the body by default."""
    return _sent(answer, Delivery(Manner.TRUNCATED, after))


def reset(answer: Answer, request: Request, *, after: int | None = None) -> Answer:
    """The connection is reset, at once or after some bytes of the body."""
    return _sent(answer, Delivery(Manner.RESET, after))


def stall(answer: Answer, request: Request, *, after: int | None = None) -> Answer:
    """The answer never comes, or stops for good after some bytes of the body."""
    return _sent(answer, Delivery(Manner.STALL, after))


def slow(answer: Answer, request: Request, *, chunk: int = 1, pause: float = 0.05) -> Answer:
    """The body comes `chunk` bytes at a time with `pause` seconds between them."""
    return _sent(answer, Delivery(Manner.SLOW, chunk=chunk, pause=pause))


def delay(answer: Answer, request: Request, *, seconds: float = 1.0) -> Answer:
    """The whole answer, later; goes together with the other kinds."""
    return replace(answer, delivery=replace(answer.delivery, delay=seconds))


def _sent(answer: Answer, delivery: Delivery) -> Answer:
    return replace(answer, delivery=replace(delivery, delay=answer.delivery.delay))


def _with_body(answer: Answer, body: bytes) -> Answer:
    return replace(answer, body=Body(body))


def _changed(answer: Answer, row: int | None, change: Callable[[bytes], bytes]) -> Answer:
    if answer.status != 200:  # another fault made it an error, which has no rows
        return answer
    return _with_body(answer, spoil.change_rows(answer.body.plain, row, change))


ViewEffect = Callable[Concatenate[View, int, ...], View]
AnswerEffect = Callable[Concatenate[Answer, Request, ...], Answer]

VIEW_EFFECTS: Final[Mapping[str, ViewEffect]] = {"stale": stale, "shuffle": shuffle, "vanish": vanish}
ANSWER_EFFECTS: Final[Mapping[str, AnswerEffect]] = {
    "status": status,
    "error": error,
    "html": html,
    "echo_key": echo_key,
    "empty": empty,
    "cut": cut,
    "gzip_bomb": gzip_bomb,
    "duplicate": duplicate,
    "drop_field": drop_field,
    "set_field": set_field,
    "retype": retype,
    "poison": poison,
    "future": future,
    "truncated": truncated,
    "reset": reset,
    "stall": stall,
    "slow": slow,
    "delay": delay,
}

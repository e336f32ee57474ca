"""Asking an upstream over HTTP: deadlines, caps, retries, and errors in words.

Retried with full jitter: time-outs, connection errors, 408, 425, 429, 5xx, truncated bodies and HTML where
JSON was due. Other 4xx are final. Retry-After is honoured in both forms, up to 15 minutes; a longer wait fails
the run and is remembered, so that nobody asks before. Numbers: PROTOCOL section 8; error shapes: measured.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any, Generic, TypeVar

import httpx
import msgspec
import structlog

from etl.errors import SourceBroken, SourceUnavailable

USER_AGENT = f"kasparro/{version('kasparro')}"
RETRIED_STATUSES = frozenset({408, 425, 429})
LONGEST_WAIT = timedelta(minutes=15)
MOST_REDIRECTS = 3
LONGEST_ERROR = 300
T = TypeVar("T")
_log = structlog.get_logger()


class MalformedBody(Exception):
    """The body is not what was asked for (HTML, cut off, not JSON); asking again may help."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How patiently and how much. Times are seconds, `max_bytes` counts decoded bytes of one body."""

    attempts: int = 5
    deadline: float = 60.0
    connect_timeout: float = 10.0
    read_timeout: float = 20.0
    backoff: float = 0.5
    max_backoff: float = 30.0
    max_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A good answer: the body as received (content-encoding undone) and what `decode` made of it."""

    body: bytes
    decoded: T
    fetched_at: datetime
    origin: str


class Upstream:
    """One upstream API: its base URL, its headers, and the permission to be asked.

    `permit` waits until a call is within budget, or raises SourceUnavailable; `observe` is told of every call
    what went wrong with it, or None. `secrets` never appear in an
    error text, even when the upstream echoes them.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        *,
        permit: Callable[[], Awaitable[None]],
        observe: Callable[[str | None], Awaitable[None]] | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        policy: Policy = Policy(),
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **(headers or {})}
        self._permit = permit
        self._observe = observe
        self._secrets = tuple(secret for secret in secrets if secret)
        self._policy = policy

    async def get(self, path: str, params: Mapping[str, str], decode: Callable[[bytes], T]) -> Answer[T]:
        """GET until it succeeds or is hopeless. `decode` raises MalformedBody for a body worth another try.

        Raises SourceUnavailable or SourceBroken.
        """
        for attempt in range(1, self._policy.attempts + 1):
            await self._permit()
            try:
                answer = await self._ask(path, params, decode)
            except _Retryable as problem:
                await self._tell(str(problem))
                wait = self._wait(problem, attempt)
                _log.warning("http.retry", path=path, attempt=attempt, cause=str(problem), wait_seconds=round(wait, 2))
                await asyncio.sleep(wait)
            else:
                await self._tell(None)
                return answer
        raise AssertionError("the last attempt raises")

    async def _tell(self, error: str | None) -> None:
        if self._observe is not None:
            await self._observe(error)

    async def _ask(self, path: str, params: Mapping[str, str], decode: Callable[[bytes], T]) -> Answer[T]:
        url = f"{self._base_url}{path}"
        try:
            async with asyncio.timeout(self._policy.deadline):
                response, body = await self._read(url, params)
        except TimeoutError as error:
            raise _Retryable(f"no complete answer within {self._policy.deadline:g} s") from error
        except httpx.HTTPError as error:
            raise _Retryable(self._describe_failure(error)) from error
        self._check_status(response, body)
        try:
            decoded = await asyncio.to_thread(decode, body)
        except MalformedBody as error:
            raise _Retryable(self._without_secrets(f"unreadable answer: {error}")) from error
        return Answer(body, decoded, datetime.now(UTC), self._without_secrets(str(response.url)))

    async def _read(self, url: str, params: Mapping[str, str]) -> tuple[httpx.Response, bytes]:
        timeout = httpx.Timeout(self._policy.read_timeout, connect=self._policy.connect_timeout)
        pieces: list[bytes] = []
        size = 0
        request = self._client.build_request("GET", url, params=dict(params), headers=self._headers, timeout=timeout)
        async with contextlib.aclosing(await self._send(request)) as response:
            async for piece in response.aiter_bytes():
                size += len(piece)
                if size > self._policy.max_bytes:
                    raise SourceBroken(f"the answer is larger than {self._policy.max_bytes} bytes")
                pieces.append(piece)
        return response, b"".join(pieces)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send, following redirects within the upstream's own origin: our key is for nobody else."""
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._client.send(request, stream=True, follow_redirects=False)
            following = response.next_request
            if following is None:
                return response
            await response.aclose()
            if _origin(following.url) != _origin(request.url):
                raise SourceBroken(f"redirected to another host, {following.url.host}; it is not asked")
            request = following
        raise SourceBroken(f"redirected more than {MOST_REDIRECTS} times")

    def _check_status(self, response: httpx.Response, body: bytes) -> None:
        status = response.status_code
        if status < 300:
            if _is_html(response, body):
                raise _Retryable("HTML where JSON was due")
            return
        text = self._without_secrets(f"HTTP {status}: {error_text(response, body)}")[:LONGEST_ERROR]
        if status in RETRIED_STATUSES or status >= 500:
            raise _Retryable(text, retry_after(response.headers.get("retry-after"), datetime.now(UTC)))
        raise SourceUnavailable(text)

    def _wait(self, problem: "_Retryable", attempt: int) -> float:
        asked = problem.retry_after
        now = datetime.now(UTC)
        if asked is not None and asked > LONGEST_WAIT:
            raise SourceUnavailable(
                f"{problem} (asked to wait {asked.total_seconds():.0f} s)", now + asked
            ) from problem
        if attempt == self._policy.attempts:
            message = f"{problem} (after {attempt} attempts)"
            raise SourceUnavailable(message, now + asked if asked else None) from problem
        ceiling = min(self._policy.max_backoff, self._policy.backoff * 2**attempt)
        jitter = random.uniform(0, ceiling)
        return jitter if asked is None else asked.total_seconds() + min(jitter, 1.0)

    def _describe_failure(self, error: httpx.HTTPError) -> str:
        detail = str(error) or "no answer"
        return self._without_secrets(f"{httpx.URL(self._base_url).host}: {type(error).__name__}: {detail}")

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class _Retryable(Exception):
    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def retry_after(value: str | None, moment: datetime) -> timedelta | None:
    """Read a Retry-After header: seconds or an HTTP date (RFC 9110 section 10.2.3). None if there is none."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return timedelta(seconds=int(text))
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(when.astimezone(UTC) - moment, timedelta(0))


def error_text(response: httpx.Response, body: bytes) -> str:
    """The upstream's own words, whatever shape they come in. Not cut, so that secrets can still be found in them."""
    text = body.decode("utf-8", "replace").strip()
    try:
        found = _message(msgspec.json.decode(body)) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if found is None and _is_html(response, body):
        found = "an HTML page"
    return found or text or response.reason_phrase


def _message(answer: Any) -> str | None:
    """`{"error": "..."}`, `{"status": {...}}` and `{"error": {"status": {...}}}`, the shapes seen in the wild."""
    if not isinstance(answer, dict):
        return None
    inner = answer.get("error") or answer.get("status")
    if isinstance(inner, dict):
        inner = inner.get("status", inner)
    if isinstance(inner, dict):
        return f"{inner.get('error_code', '')} {inner.get('error_message', '')}".strip() or None
    return inner if isinstance(inner, str) else None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_html(response: httpx.Response, body: bytes) -> bool:
    return "html" in response.headers.get("content-type", "").lower() or body.lstrip()[:1] == b"<"

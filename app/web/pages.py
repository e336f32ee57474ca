"""The pages that browsers see: what the build of `ui/` left in a folder, under a strict content security policy.

Pages name everything they load relative to themselves, so they work under whatever path a proxy puts before them.
"""

import asyncio
import re
import secrets
from pathlib import Path

from starlette.responses import HTMLResponse, Response

from app.web.accept import accepts
from app.web.errors import problem
from app.web.etag import matches, weak
from app.web.not_built import not_built
from app.web.state import AppRequest

FOLDER = Path(__file__).with_name("pages")
# A file's name carries a hash of its content, so what the name stands for never changes.
_FOREVER = "public, max-age=31536000, immutable"
# Best first; with the ending of the file that the build made.
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_FONTS = {".ttf": "font/ttf", ".woff2": "font/woff2"}
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", **_FONTS}
_NAME = re.compile(r"[\w-][\w.-]*", re.ASCII)
_NONCE = "{nonce}"
_STRICT = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "script-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; worker-src 'self'; style-src 'self'"
)
# The playground's editor makes style sheets, which carry the nonce, and HTML with style attributes, which cannot.
_OF_THE_PLAYGROUND = f"{_STRICT} 'nonce-{_NONCE}'; style-src-attr 'unsafe-inline'"


class Pages:
    """The built pages in a folder. While there are none, a page says why."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def console(self, request: AppRequest) -> Response:
        """The operator's console."""
        page = self._read("console.html")
        if page is None:
            return not_built(self._folder)
        headers = {"ETag": weak(page.encode()), "Cache-Control": "no-cache", "Content-Security-Policy": _STRICT}
        if matches(headers["ETag"], request.headers.getlist("if-none-match")):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(page, headers=headers)

    def playground(self) -> Response:
        """The GraphQL playground."""
        page = self._read("playground.html")
        if page is None:
            return not_built(self._folder)
        nonce = secrets.token_urlsafe(16)
        policy = _OF_THE_PLAYGROUND.replace(_NONCE, nonce)
        return HTMLResponse(page.replace(_NONCE, nonce), headers={"Content-Security-Policy": policy})

    async def file(self, request: AppRequest) -> Response:
        """What pages load: a script, a style sheet, compressed as the browser likes it best."""
        path = self._file(request.path_params["name"])
        if path is None:
            return problem(404, "There is no such file. After an update, loading the page again helps.")
        headers = {"ETag": f'W/"{path.name}"', "Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if matches(headers["ETag"], request.headers.getlist("if-none-match")):
            return Response(status_code=304, headers=headers)
        encoding, sent = _best(path, request.headers.get("accept-encoding", ""))
        if encoding:
            headers["Content-Encoding"] = encoding
        content = await asyncio.to_thread(sent.read_bytes)
        return Response(content, headers=headers, media_type=_MEDIA_TYPES[path.suffix])

    def _file(self, name: str) -> Path | None:
        path = self._folder / "static" / name
        return path if _NAME.fullmatch(name) and path.suffix in _MEDIA_TYPES and path.is_file() else None

    def _read(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_text("utf-8")
        except FileNotFoundError:
            return None


def _best(path: Path, accepted: str) -> tuple[str | None, Path]:
    """The encoding to answer in, None for plain, and the file that has the content in it."""
    for encoding, ending in _ENCODINGS.items():
        encoded = path.with_name(path.name + ending)
        if accepts(accepted, encoding) and encoded.is_file():
            return encoding, encoded
    return None, path

"""The page in the place of pages that were not built: why, and what to do."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse, Response

# Where the build says why it made no pages.
EXCUSE = "NOT_BUILT.txt"
_NO_EXCUSE = "They are built when the package is; this installation was made without that step."
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:12vh auto;padding:0 1rem}"
    "html{background:Canvas;color:CanvasText}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.75rem;border:1px solid;border-radius:.5rem}"
)
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)


def not_built(folder: Path) -> Response:
    """The answer while `folder` holds no pages, with what the build left there as its reason."""
    excuse = folder / EXCUSE
    why = excuse.read_text("utf-8").strip() if excuse.exists() else _NO_EXCUSE
    return HTMLResponse(_PAGE.format(style=_STYLE, why=escape(why)), 503, {"Content-Security-Policy": _POLICY})


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Kasparro: pages not built</title>
<style>{style}</style>
<main>
<h1>The pages are missing</h1>
<p>The service is running: <a href="graphql?query=%7B__typename%7D">GraphQL</a>, <a href="data">assets</a>,
<a href="stats">runs</a>, <a href="health">health</a>. Only its console and playground were not built:</p>
<pre>{why}</pre>
<p>In a checkout, <code>make pages</code> builds them; then load this page again.</p>
</main>
</html>
"""

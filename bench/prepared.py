"""The limit of serving: a Starlette route that answers with prepared bytes. BODY names the file that holds them."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_body = Path(os.environ["BODY"]).read_bytes()


async def answer(request: Request) -> Response:
    await request.body()
    return Response(_body, media_type="application/json")


app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])])

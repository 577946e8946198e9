"""The server of the page: on the loopback address, behind a token in the address, read-only.

A page of another site could send requests to a port of this machine. So every address begins with a
token that is drawn at the start; the name of the host must be that of the loopback address, which
other sites cannot fake by their own names; and answers say that nothing but scripts of this server
may run, which payloads never become.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from vdb.api.database import Database
from vdb.errors import DiskError, InvalidArgumentError, NotFoundError, VdbError
from vdb.explorer.answers import Answers

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.datastructures import Headers, MutableHeaders
    from starlette.requests import Request
    from starlette.responses import FileResponse, PlainTextResponse, Response
    from starlette.routing import Mount, Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "vdb explore needs starlette and uvicorn: pip install 'vdb[explore]'", name=error.name
    ) from error

__all__ = ["LOOPBACK", "application", "server_of"]

LOOPBACK: Final = "127.0.0.1"
_PAGE: Final = Path(__file__).parent / "page"
_FILES: Final = {"": "index.html", "page.js": "page.js", "page.css": "page.css"}
_MOST_BYTES: Final = 4 << 20  # of a request
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_Answer = Callable[[str, dict[str, Any]], dict[str, Any]]


def application(db: Database, token: str) -> Starlette:
    """The page and its answers, all under ``/TOKEN/``."""
    answers = Answers(db)
    by_name: dict[str, _Answer] = {
        "overview": lambda _name, _asked: answers.overview(),
        "collection": lambda name, _asked: answers.collection(name),
        "inspection": lambda name, _asked: answers.inspection(name),
        "records": answers.records,
        "record": answers.record,
        "neighbors": answers.neighbors,
        "explanation": answers.explanation,
        "histogram": answers.histogram,
    }
    routes = [
        *(Route(f"/{name}", _file(file)) for name, file in _FILES.items()),
        *(
            Route(f"/answer/{name}", _answer(one), methods=["POST"])
            for name, one in by_name.items()
        ),
    ]
    app = Starlette(routes=[Mount(f"/{token}", routes=routes)])
    app.add_middleware(_Guard)
    return app


def server_of(db: Database, port: int) -> tuple[Callable[[], None], str]:
    """A function that serves the page until it is interrupted, and the address of the page.

    Args:
        db: The database.
        port: The port; 0 for any that is free.

    Raises:
        DiskError: The port cannot be had.
    """
    token = secrets.token_urlsafe(18)
    config = uvicorn.Config(
        application(db, token),
        host=LOOPBACK,
        port=port,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
    )
    try:
        socket = config.bind_socket()
    except SystemExit as error:  # how uvicorn says it
        raise DiskError(f"port {port} of {LOOPBACK} is taken, or may not be used") from error
    socket.listen()  # from here on requests wait, and none is refused
    address = f"http://{LOOPBACK}:{socket.getsockname()[1]}/{token}/"
    server = uvicorn.Server(config)
    return lambda: server.run(sockets=[socket]), address


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def file(_request: Request) -> Response:
        return FileResponse(_PAGE / name)

    return file


def _answer(answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
    """Calls a function of `Answers` in a thread, so that a slow one does not hold up the others."""

    async def call(request: Request) -> Response:
        try:
            asked = await _asked(request)
            made = await run_in_threadpool(
                answer, request.query_params.get("collection", ""), asked
            )
        except NotFoundError as error:
            return _json({"error": str(error)}, 404)
        except (VdbError, ValueError) as error:
            return _json({"error": str(error)}, 400)
        return _json(made, 200)

    return call


async def _asked(request: Request) -> dict[str, Any]:
    """The object in the body of a request.

    Raises:
        InvalidArgumentError: It is no JSON object, or too long.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise InvalidArgumentError(f"a request has at most {_MOST_BYTES >> 20} MiB")
    try:
        asked = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"a request is a JSON object: {error}") from None
    if not isinstance(asked, dict):
        raise InvalidArgumentError("a request is a JSON object")
    return asked


def _json(value: dict[str, Any], status: int) -> Response:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text, status, media_type="application/json")


class _Guard:
    """Refuses requests of other sites, and adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
            await send(message)

        if _is_of_this_machine(Headers(scope=scope)):
            await self._app(scope, receive, answered)
        else:
            await PlainTextResponse("not from here", 403)(scope, receive, answered)


def _is_of_this_machine(headers: Headers) -> bool:
    """Whether a request was sent by this page, or by a person who typed its address."""
    host = re.sub(r":[0-9]+\Z", "", headers.get("host", "")).lower()  # no port is port 80
    site = headers.get("sec-fetch-site", "none")
    return host in (LOOPBACK, "localhost") and site in ("same-origin", "none")

"""A client of an ASGI application, without a socket and without a library of its own."""

import asyncio
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Answered:
    """What an application answered."""

    status_code: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


class AsgiClient:
    """Sends requests to an application, each in an event loop of its own."""

    def __init__(self, app, headers):
        self._app, self._headers = app, headers

    def get(self, path, headers=None):
        return self._ask("GET", path, headers, b"")

    def post(self, path, content=b"", headers=None):
        return self._ask("POST", path, headers, content)

    def _ask(self, method, path, headers, content):
        path, _, query = path.partition("?")
        sent = {**self._headers, **(headers or {})}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        }
        return asyncio.run(self._answered(scope, content))

    async def _answered(self, scope, content):
        parts = [content[start : start + 65_536] for start in range(0, len(content), 65_536)]
        parts = parts or [b""]
        status, headers, body = 0, {}, b""

        async def receive():
            if not parts:
                return {"type": "http.disconnect"}
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message):
            nonlocal status, headers, body
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                body += message.get("body", b"")

        await self._app(scope, receive, send)
        return Answered(status, headers, body)

"""The store's files beside Prefect's UI, at /files/<key>, so that what a run shows can link to them: read only, behind the same password as the server."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any
from urllib.parse import quote

from tasks.faults import OperatorFault
from tasks.settings import read_settings
from tasks.store import NotFound, Store, open_store

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = "/files/"
ROOMS = ("quality", "feedback", "workbooks", "reports", "drafts", "inbox")
"""Folders of the store that are served: what the system writes for people, and what members sent."""
SHOWN = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "json": "text/plain; charset=utf-8", "md": "text/plain; charset=utf-8"}
"""By the ending of the name: what a browser shows. All else it saves, and all that members sent."""
PAGE_POLICY = "sandbox allow-downloads allow-popups allow-top-navigation-by-user-activation; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""Of our own pages: no script, nothing from elsewhere, and no part in the server's origin."""


class Files:
    """An application (ASGI) that answers /files/ from the store and leaves all else to the one it is put before. `password`: "name:password" or None."""

    def __init__(self, application: Any, password: str | None) -> None:
        self.application = application
        self.expected = b"Basic " + base64.b64encode(password.encode()) if password else None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self.application(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"These files can only be read.\n")
        elif self.expected and not hmac.compare_digest(dict(scope["headers"]).get(b"authorization", b""), self.expected):
            await _answer(send, 401, b"The name and password of the server are asked for.\n", [(b"www-authenticate", b'Basic realm="FPA Reporting", charset="UTF-8"')])
        else:
            status, body, headers = await asyncio.to_thread(_read, scope["path"].removeprefix(PATH))
            await _answer(send, status, body, headers, with_body=scope["method"] == "GET")


def _read(key: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Status, content and headers for a key."""
    parts = key.split("/")
    if parts[0] not in ROOMS or len(parts) < 2 or any(part in ("", ".", "..") for part in parts):
        return 404, b"There is no such file.\n", []
    try:
        data = _store(read_settings().storage).read(key)
    except NotFound:
        return 404, b"There is no such file; it may have been replaced by a newer one.\n", []
    except OperatorFault as fault:
        return 503, f"{fault}\n".encode(), []
    ending = parts[-1].rpartition(".")[2].casefold()
    shown = SHOWN.get(ending) if parts[0] != "inbox" else None
    headers = [(b"content-type", (shown or "application/octet-stream").encode())]
    if shown is None:
        headers.append((b"content-disposition", f"attachment; filename*=UTF-8''{quote(parts[-1], safe='')}".encode()))
    if ending != "pdf":  # a browser shows no PDF in a sandbox
        headers.append((b"content-security-policy", PAGE_POLICY.encode()))
    return 200, data, headers


@cache
def _store(url: str) -> Store:
    return open_store(url)


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None, with_body: bool = True) -> None:
    """Without a type of its own an answer is plain text."""
    given = headers or []
    kind = [] if any(name == b"content-type" for name, _ in given) else [(b"content-type", b"text/plain; charset=utf-8")]
    always = [(b"content-length", str(len(body)).encode()), (b"cache-control", b"private, no-cache"), (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
    await send({"type": "http.response.start", "status": status, "headers": [*kind, *given, *always]})
    await send({"type": "http.response.body", "body": body if with_body else b""})

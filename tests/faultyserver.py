"""A proxy before a real S3 server that does, request by request, what networks and servers do on a bad day."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

ANSWERS = {
    "overloaded": (503, "SlowDown"), "met": (409, "ConditionalRequestConflict"), "unknown": (501, "NotImplemented"), "broken": (500, "InternalError"),
    "expired": (403, "ExpiredToken"), "wrong-token": (403, "InvalidToken"), "full": (403, "QuotaExceeded"), "elsewhere": (301, "PermanentRedirect"),
}  # fmt: skip
"""Faults that are an answer in the server's place: status and code."""
PAGE = b"<html><body>Welcome to this network</body></html>"


class FaultyServer:
    """`faults` are used up one a request, in order, then requests go through: the answers of ANSWERS; page (a web page answers); reset, reset-halfway (of the
    request); slow; silent; damaged-upload, lost-answer, cut-off, reset-in-answer, damaged, wrong-checksum (done, but not as it should be). "always …" is never used up."""

    def __init__(self, behind: str) -> None:
        self.faults: list[str] = []
        self.requests = 0
        self.behind = urlsplit(behind)
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_request(self) -> None:
                outer.answer(self)

            do_GET = do_PUT = do_HEAD = do_DELETE = handle_request  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that went away, or was sent away, is what this is about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def _next_fault(self) -> str:
        with self._lock:
            self.requests += 1
            if not self.faults:
                return ""
            return self.faults[0].removeprefix("always ") if self.faults[0].startswith("always ") else self.faults.pop(0)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        fault = self._next_fault()
        if fault in ("reset", "reset-halfway"):
            request.rfile.read(length // 2 if fault == "reset-halfway" else 0)
            _reset(request)
            return
        sent = request.rfile.read(length)
        if fault in ANSWERS or fault == "page":
            status, code = ANSWERS.get(fault, (200, ""))
            _reply(request, status, {}, f"<Error><Code>{code}</Code></Error>".encode() if code else PAGE)
            return
        if fault in ("slow", "silent"):
            time.sleep(0.05 if fault == "slow" else 3)
        if fault == "damaged-upload":
            sent = _flipped(sent)
        status, headers, content = self._forward(request, sent)
        if fault == "lost-answer":
            request.close_connection = True
        elif fault == "cut-off":
            _reply(request, status, headers, content, len(content) // 2)
            request.close_connection = True
        elif fault == "reset-in-answer":
            _reply(request, status, headers, content, len(content) // 2)
            request.wfile.flush()
            time.sleep(0.2)  # what arrived by then is read
            _reset(request)
        elif fault == "wrong-checksum" and status == 200:
            _reply(request, status, headers | {"x-amz-checksum-crc32": "AAAAAA=="}, content)
        else:
            _reply(request, status, headers, _flipped(content) if fault == "damaged" else content)

    def _forward(self, request: BaseHTTPRequestHandler, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.behind.hostname or "", self.behind.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(request.command, request.path, sent, {k: v for k, v in request.headers.items() if k.lower() != "expect"})
            answer = connection.getresponse()
            return answer.status, {k: v for k, v in answer.getheaders() if k.lower() not in ("content-length", "connection", "transfer-encoding")}, answer.read()


def _reset(request: BaseHTTPRequestHandler) -> None:
    """The connection breaks off at once, with no word."""
    request.close_connection = True
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(request.connection.detach())


def _flipped(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:] if content else content


def _reply(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes, only: int | None = None) -> None:
    request.send_response_only(status)
    for name, value in {**headers, "Content-Length": str(len(content))}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(content[:only])


@contextlib.contextmanager
def faulty(behind: str) -> Iterator[FaultyServer]:
    """A proxy to the server at this http URL."""
    proxy = FaultyServer(behind)
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
        thread.join()

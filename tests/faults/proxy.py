"""Two proxies between boto3 and a real S3 server that do what networks and servers do on a bad day, and count what they did.

`FaultyProxy` knows requests and answers: a fault befalls one of them, chosen by the plan, and is counted where it really happened (an answer without a
content cannot be cut off). Contents are held whole in memory; the tests' objects are small. `DamagedWire` knows nothing but bytes, encrypted ones too."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import socket
import struct
import threading
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from urllib.parse import unquote, urlsplit

ANSWERS = {
    "503 SlowDown": (503, "SlowDown"),
    "500 InternalError": (500, "InternalError"),
    "403 ExpiredToken": (403, "ExpiredToken"),
    "403 RequestTimeTooSkewed": (403, "RequestTimeTooSkewed"),
    "403 AccessDenied": (403, "AccessDenied"),
    "403 QuotaExceeded": (403, "QuotaExceeded"),
}
"""Faults that are an answer in the server's place: status and code."""
FAULTS = (
    *ANSWERS,
    "reset before the request",  # nothing reaches the server
    "reset in the request",      # half of an object reaches the server
    "answer lost",               # the server did the work, the connection is reset
    "answer late",               # the server did the work, and is silent for longer than the client waits
    "slow",                      # the answer comes in pieces
    "body cut off",              # the connection ends in the middle of the answer's content
    "reset in the answer",       # the connection is reset there
    "bit flipped",               # in the content of an object, on its way to the server or back
    "wrong checksum",            # the answer's checksum is not that of its content
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """`nth`: for the how manyth time since `begin` the same is asked for; `number`: the how manyth request of all."""

    method: str
    target: str
    head: bytes
    body: bytes
    nth: int
    number: int

    @property
    def of_object(self) -> bool:
        """Not a listing."""
        return "list-type=" not in self.target

    def may_suffer(self, fault: str) -> bool:
        """A flipped bit in a listing is left out: over http nobody could notice, over https everybody does (`DamagedWire`)."""
        match fault:
            case "reset in the request" | "403 QuotaExceeded":
                return bool(self.body)
            case "body cut off" | "reset in the answer":
                return self.method == "GET"
            case "bit flipped":
                return bool(self.body) or (self.method == "GET" and self.of_object)
            case "wrong checksum":
                return self.method == "GET" and self.of_object
        return True


@dataclass(frozen=True, slots=True)
class Answer:
    """`lines`: the status line and headers, without those that say how long the content is."""

    status: int
    lines: list[bytes]
    body: bytes

    def head(self) -> bytes:
        length = [] if self.status == 204 else [b"Content-Length: %d" % len(self.body)]
        return b"\r\n".join([*self.lines, *length, b"", b""])


Plan = Callable[[Request], str]
"""The fault that befalls a request, "" for none."""


def no_fault(request: Request) -> str:
    return ""


@dataclass
class FaultyProxy:
    """`silence`: for how many seconds an answer is held back that comes late."""

    behind: str
    silence: float = 1.3
    plan: Plan = no_fault
    url: str = ""
    requests: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    sent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By object, the SHA-256 of each content that a client sent."""
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    def begin(self, plan: Plan) -> None:
        """From here on counted anew."""
        self.plan, self.requests = plan, 0
        for counted in (self.injected, self.sent, self._seen):
            counted.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, with one of its own to the server, for as long as both last."""
        address = urlsplit(self.behind)
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while True:
                request = await self._request(reader, writer)
                fault = self.plan(request)
                if fault in ANSWERS:
                    self.injected[fault] += 1
                    writer.write(_error(*ANSWERS[fault], method=request.method))
                    await writer.drain()
                    continue
                if fault == "reset before the request":
                    self.injected[fault] += 1
                    return _reset(writer)
                if server is None:
                    server = await asyncio.open_connection(address.hostname, address.port)
                sent = request.body
                if fault == "reset in the request":
                    self.injected[fault] += 1
                    server[1].write(request.head + sent[: len(sent) // 2])
                    await server[1].drain()
                    return _reset(writer)
                if fault == "bit flipped" and sent:
                    self.injected[fault] += 1
                    sent = _flipped(sent, request)
                server[1].write(request.head + sent)
                await server[1].drain()
                if not await self._answered(request, await _answer(server[0], request.method), fault, writer):
                    return
        except (asyncio.IncompleteReadError, OSError):
            """One side went away."""
        finally:
            for stream in (writer, *(server or ())[1:]):
                stream.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
        lines, headers = await _head(reader)
        if b"100-continue" in headers.get(b"expect", b""):
            lines = [line for line in lines if not line.lower().startswith(b"expect:")]
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await _body(reader, headers)
        method, target, _ = lines[0].decode("latin-1").split(" ", 2)
        self.requests += 1
        self._seen[method, target] += 1
        if method == "PUT":
            self.sent[unquote(urlsplit(target).path)].add(hashlib.sha256(body).hexdigest())
        return Request(method, target, b"\r\n".join([*lines, b"", b""]), body, self._seen[method, target], self.requests)

    async def _answered(self, request: Request, answer: Answer, fault: str, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection is one still."""
        content, pieces = answer.body, 1
        if fault in ("bit flipped", "wrong checksum", "body cut off", "reset in the answer") and not content:
            fault = ""
        if (fault == "bit flipped" and request.body) or (fault in ("bit flipped", "wrong checksum") and answer.status != 200):
            fault = ""  # on its way there already, or nothing that has a checksum
        if fault:
            self.injected[fault] += 1
        match fault:
            case "answer lost":
                _reset(writer)
                return False
            case "answer late":
                await asyncio.sleep(self.silence)
                return False
            case "body cut off" | "reset in the answer":
                writer.write(answer.head() + content[: len(content) // 2])
                await writer.drain()
                if fault == "reset in the answer":
                    await asyncio.sleep(0.05)  # what arrived by then is read
                    _reset(writer)
                return False
            case "bit flipped":
                content = _flipped(content, request)
            case "wrong checksum":
                answer.lines.append(b"x-amz-checksum-crc32: AAAAAA==")
            case "slow":
                pieces = 4
        writer.write(answer.head())
        size = len(content) // pieces + 1
        for start in range(0, size * pieces, size):
            if pieces > 1:
                await asyncio.sleep(0.05)
            writer.write(content[start : start + size])
            await writer.drain()
        return True


async def _head(reader: asyncio.StreamReader) -> tuple[list[bytes], dict[bytes, bytes]]:
    """First line and headers as they came, and the headers by their names in small letters."""
    lines = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n").split(b"\r\n")
    pairs = (line.partition(b":") for line in lines[1:])
    return lines, {name.lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: dict[bytes, bytes]) -> bytes:
    if b"chunked" not in headers.get(b"transfer-encoding", b""):
        return await reader.readexactly(int(headers.get(b"content-length", 0)))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


async def _answer(reader: asyncio.StreamReader, method: str) -> Answer:
    lines, headers = await _head(reader)
    while lines[0].split()[1] == b"100":
        lines, headers = await _head(reader)
    status = int(lines[0].split()[1])
    body = b"" if method == "HEAD" or status in (204, 304) else await _body(reader, headers)
    return Answer(status, [line for line in lines if not re.match(rb"(?i)(content-length|transfer-encoding):", line)], body)


def _error(status: int, code: str, method: str) -> bytes:
    body = b"" if method == "HEAD" else f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>injected</Message></Error>'.encode()
    return b"HTTP/1.1 %d Fault\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def _flipped(content: bytes, request: Request) -> bytes:
    """One bit is another; at the next attempt another one."""
    bit = (Random(request.target).randrange(len(content) * 8) + 9 * request.nth) % (len(content) * 8)
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def _reset(writer: asyncio.StreamWriter) -> None:
    """The connection breaks off at once, with no word."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


WIRE_FAULTS = ("bit flipped on the wire", "cut on the wire", "reset on the wire")


@dataclass(frozen=True, slots=True)
class Flaw:
    """What befalls a connection after so many bytes of one direction, `up` to the server or down from it."""

    fault: str
    up: bool
    after: int


@dataclass
class DamagedWire:
    """`plan`: what befalls the how manyth connection."""

    behind: str
    plan: Callable[[int], Flaw | None] = lambda number: None
    url: str = ""
    connections: int = 0
    injected: Counter[str] = field(default_factory=Counter)

    def begin(self, plan: Callable[[int], Flaw | None]) -> None:
        """From here on counted anew."""
        self.plan, self.connections = plan, 0
        self.injected.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side or its flaw ends it."""
        self.connections += 1
        flaw = self.plan(self.connections)
        address = urlsplit(self.behind)
        server = await asyncio.open_connection(address.hostname, address.port)
        ways = [
            asyncio.create_task(self._carry(reader, server[1], flaw if flaw and flaw.up else None)),
            asyncio.create_task(self._carry(server[0], writer, None if flaw and flaw.up else flaw)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if any(way.result() for way in done):
                _reset(writer)
        finally:
            for way in ways:
                way.cancel()
            writer.close()
            server[1].close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, flaw: Flaw | None) -> bool:
        """Whether it ends with a reset."""
        passed = 0
        with contextlib.suppress(OSError):
            while data := await source.read(2**16):
                if flaw and passed + len(data) > flaw.after:
                    self.injected[flaw.fault] += 1
                    place = flaw.after - passed
                    if flaw.fault != "bit flipped on the wire":
                        sink.write(data[:place])
                        await sink.drain()
                        return flaw.fault == "reset on the wire"
                    data, flaw = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], None
                sink.write(data)
                await sink.drain()
                passed += len(data)
        return False


@contextlib.contextmanager
def damaged_wire(behind: str) -> Iterator[DamagedWire]:
    """One before the S3 server at this https URL, at `url`."""
    wire = DamagedWire(behind)
    with _listening(wire.serve) as port:
        wire.url = f"https://127.0.0.1:{port}"
        yield wire


@contextlib.contextmanager
def faulty_proxy(behind: str) -> Iterator[FaultyProxy]:
    """One before the S3 server at this http URL, at `url`, in a thread of its own."""
    proxy = FaultyProxy(behind)
    with _listening(proxy.serve) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        yield proxy


@contextlib.contextmanager
def _listening(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)

    async def end(server: asyncio.Server) -> None:
        server.close()
        loop.set_exception_handler(lambda *_: None)  # who is cancelled now is not heard
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()

"""A client of raw bytes: what goes over the socket is what the test says."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

CHAT = "/v1/chat/completions"
PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    interim: tuple[int, ...] = ()
    """Statuses of the 1xx answers before it."""
    whole: bool = True
    """The body ended as HTTP wants it."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["error"]
        return found

    @property
    def closes(self) -> bool:
        return self.headers.get("connection", "") == "close"


@dataclass(slots=True)
class Wire:
    """One connection; `seen` is everything that came over it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: bytearray = field(default_factory=bytearray)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, head: bool = False) -> Answer:
        """Read one answer; `head` says that it has no body."""
        interim: list[int] = []
        async with asyncio.timeout(PATIENCE):
            while True:
                status, headers = await self._head()
                if status >= 200:
                    break
                interim.append(status)
            body, whole = (b"", True) if head else await self._body(headers)
        return Answer(
            status=status,
            headers=headers,
            body=body,
            interim=tuple(interim),
            whole=whole,
        )

    async def rest(self) -> bytes:
        """Read until the other side closes; a reset counts as that."""
        data = b""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                while chunk := await self.reader.read(65536):
                    data += chunk
        self.seen += data
        return data

    async def _head(self) -> tuple[int, dict[str, str]]:
        raw = await self.reader.readuntil(b"\r\n\r\n")
        self.seen += raw
        first, *lines = raw[:-4].decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        headers: dict[str, str] = {}
        for name, _, value in pairs:
            assert name.lower() not in headers, f"{name} is there twice"
            headers[name.lower()] = value
        return int(first.split(" ", 2)[1]), headers

    async def _body(self, headers: Mapping[str, str]) -> tuple[bytes, bool]:
        if "content-length" in headers:
            wanted = int(headers["content-length"])
            try:
                body = await self.reader.readexactly(wanted)
            except asyncio.IncompleteReadError as error:
                return error.partial, False
            self.seen += body
            return body, True
        if headers.get("transfer-encoding") != "chunked":
            return await self.rest(), True
        parts = []
        try:
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                parts.append((await self.reader.readexactly(size + 2))[:-2])
            await self.reader.readexactly(2)
        except (asyncio.IncompleteReadError, ConnectionError):
            return b"".join(parts), False
        finally:
            self.seen += b"".join(parts)
        return b"".join(parts), True


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[Wire]:
    """Open a connection; it is dropped at the end."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


def head(
    url: str,
    target: str = CHAT,
    *lines: str,
    method: str = "POST",
    host: str | None = None,
    version: str = "1.1",
) -> bytes:
    """Return a request head; `lines` are header lines as they are."""
    named = urlsplit(url).netloc if host is None else host
    every = [f"{method} {target} HTTP/{version}", f"Host: {named}", *lines, "", ""]
    return "\r\n".join(every).encode("utf-8", "surrogateescape")


def post(
    url: str, body: bytes, *lines: str, target: str = CHAT, json_type: bool = True
) -> bytes:
    """Return a whole POST."""
    kind = ("Content-Type: application/json",) if json_type else ()
    return head(url, target, f"Content-Length: {len(body)}", *kind, *lines) + body


async def exchange(url: str, data: bytes, *, is_head: bool = False) -> Answer:
    """Send bytes over a connection of their own and read one answer."""
    async with connected(url) as wire:
        await wire.send(data)
        return await wire.answer(head=is_head)

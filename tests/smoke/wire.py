"""A client that shows bytes as they came, and how the connection ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

CHAT: dict[str, Any] = {
    "model": "sim-small",
    "messages": [{"role": "user", "content": "hi"}],
}
MESSAGES: dict[str, Any] = {**CHAT, "max_tokens": 1000}
RESPONSES: dict[str, Any] = {"model": "sim-small", "input": "hi"}
GEMINI: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
GEMINI_STREAM = "/v1beta/models/sim-small:streamGenerateContent?alt=sse"
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", CHAT),
    "messages": ("/v1/messages", MESSAGES),
    "responses": ("/v1/responses", RESPONSES),
    "gemini": (GEMINI_STREAM, GEMINI),
    "completions": ("/v1/completions", {"model": "sim-small", "prompt": "hi"}),
    "embeddings": ("/v1/embeddings", {"model": "sim-small", "input": "hi"}),
}


@dataclass(frozen=True, slots=True)
class Raw:
    """What came over one connection."""

    data: bytes
    reset: bool

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0].lower()

    @property
    def chunked(self) -> bool:
        return b"transfer-encoding: chunked" in self.head

    @property
    def complete(self) -> bool:
        """Whether the body ended as HTTP wants it."""
        body = self.data.partition(b"\r\n\r\n")[2]
        if self.chunked:
            return body.endswith(b"0\r\n\r\n")
        length = self.head.partition(b"content-length: ")[2].split(b"\r\n")[0]
        return len(body) == int(length)

    @property
    def body(self) -> bytes:
        body = self.data.partition(b"\r\n\r\n")[2]
        return dechunked(body) if self.chunked else body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[str]:
        """The data of each event, read the plain way."""
        text = self.body.decode()
        return [
            line.removeprefix("data: ")
            for line in text.splitlines()
            if line.startswith("data: ")
        ]


def dechunked(data: bytes) -> bytes:
    out = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        length = int(size or b"0", 16)
        out += rest[:length]
        data = rest[length + 2 :]
        if not length:
            break
    return out


async def post(url: str, path: str, body: object, *, stop_after: int = -1) -> Raw:
    """Send one request, read to the end or, once `stop_after` bytes came, reset."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    writer.write(head.encode() + payload)
    data = b""
    try:
        while len(data) < stop_after or stop_after < 0:
            got = await reader.read(65536)
            if not got:
                return Raw(data, reset=False)
            data += got
    except ConnectionResetError:
        return Raw(data, reset=True)
    finally:
        writer.transport.abort()
    return Raw(data, reset=False)


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; the suite's own time limit ends a hopeless wait."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the condition never came true")

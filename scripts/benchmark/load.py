"""The load generator: keep-alive connections that ask again once they are answered.

Owns what is sent and how long each answer took. Knows nothing of what is measured
beside it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from systems import System

_END_OF_CHUNKS = b"0\r\n\r\n"
_EVENT = b"data: "


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request, to be sent again and again."""

    path: str
    body: bytes
    headers: tuple[str, ...] = ()

    def to(self, system: System) -> bytes:
        """Return the bytes that ask this of a system."""
        lines = [
            f"POST {self.path} HTTP/1.1",
            f"host: 127.0.0.1:{system.port}",
            "content-type: application/json",
            f"authorization: Bearer {system.token}",
            "user-agent: faregate-bench",
            "accept: */*",
            *self.headers,
            f"content-length: {len(self.body)}",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass(kw_only=True)
class Answers:
    """What a run of requests brought."""

    wall_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    events: int = 0
    """Server-sent events in all streamed answers."""


class _Client(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[int] | None = None
        self._head = b""
        self._tail = b""
        self._left = -1
        self._events = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of it.
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("closed too early"))

    async def ask(self, request: bytes) -> int:
        """Send a request; return how many events its answer had."""
        self._head, self._tail, self._left, self._events = b"", b"", -1, 0
        self._waiting = self._loop.create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._left == -1:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._read_head(head)
        if self._left >= 0:
            self._left -= len(data)
            if self._left <= 0:
                self._done()
            return
        seen = self._tail + data
        # What was counted before must not be counted again at the seam.
        self._events += seen.count(_EVENT) - self._tail.count(_EVENT)
        self._tail = seen[-len(_EVENT) :]
        if seen.endswith(_END_OF_CHUNKS):
            self._done()

    def _read_head(self, head: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 200 "):
            self._fail(head + self._head[len(head) :])
            return
        low = head.lower()
        at = low.find(b"content-length:")
        self._left = int(low[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else -2

    def _fail(self, answer: bytes) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(RuntimeError(answer.decode("utf-8", "replace")))
        self._transport.close()

    def _done(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._events)


async def run(system: System, ask: Ask, *, requests: int, connections: int) -> Answers:
    """Send `requests` over `connections`, each connection one after the other."""
    loop = asyncio.get_running_loop()
    request = ask.to(system)
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(_Client, "127.0.0.1", system.port)
        clients.append(client)
    answers = Answers()
    left = requests

    async def work(client: _Client) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            begun = time.perf_counter()
            events = await client.ask(request)
            answers.latencies_s.append(time.perf_counter() - begun)
            answers.events += events

    begun = time.perf_counter()
    try:
        await asyncio.gather(*map(work, clients))
    finally:
        answers.wall_s = time.perf_counter() - begun
        for client in clients:
            client.close()
    return answers

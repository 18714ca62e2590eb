"""The load generator: keep-alive connections that ask again once they are answered.

Owns what is sent, whose turn it is and how long each answer took. Knows nothing of what
is measured beside it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from systems import System

_END_OF_CHUNKS = b"0\r\n\r\n"
_EVENT = b"data: "
NAME = b"@session"
"""What stands in a body for the name of the conversation: eight bytes, as that has."""
_CONVERSATIONS = 1 << 20
_STEP = 5
"""How many turns a connection is ahead of the one before, as they begin."""
_turns: dict[tuple[int, str, int], int] = {}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What each connection sends: one request again and again, or its next turn."""

    path: str
    bodies: tuple[bytes, ...]
    """The turns of a conversation; after the last one, another begins."""
    headers: tuple[str, ...] = ()

    def to(self, system: System, connection: int) -> Iterator[bytes]:
        """Yield what a connection sends to a system, without an end.

        Where there are turns, each connection is in the midst of a conversation of its
        own, and stays in it from one run to the next.
        """
        while True:
            turn = _turns.get((id(self), system.name, connection))
            if turn is None:
                turn = connection * _STEP
            _turns[id(self), system.name, connection] = turn + 1
            number, at = divmod(turn, len(self.bodies))
            name = b"%08x" % (connection * _CONVERSATIONS + number)
            yield self._request(system, self.bodies[at].replace(NAME, name))

    def _request(self, system: System, body: bytes) -> bytes:
        lines = [
            f"POST {self.path} HTTP/1.1",
            f"host: 127.0.0.1:{system.port}",
            "content-type: application/json",
            f"authorization: Bearer {system.token}",
            "user-agent: faregate-bench",
            "accept: */*",
            *self.headers,
            f"content-length: {len(body)}",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


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
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(_Client, "127.0.0.1", system.port)
        clients.append(client)
    answers = Answers()
    left = requests

    async def work(client: _Client, requests: Iterator[bytes]) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            request = next(requests)
            begun = time.perf_counter()
            events = await client.ask(request)
            answers.latencies_s.append(time.perf_counter() - begun)
            answers.events += events

    begun = time.perf_counter()
    try:
        asks = [ask.to(system, number) for number in range(connections)]
        await asyncio.gather(*map(work, clients, asks))
    finally:
        answers.wall_s = time.perf_counter() - begun
        for client in clients:
            client.close()
    return answers

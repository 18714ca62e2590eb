"""A provider that is nothing but a socket: it sends what a test tells it to.

For what no well-behaved server does: going silent, lingering, ending too early.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class RawProvider:
    """What reached it; `left` counts connections that the gate closed."""

    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    left: int = 0


@contextlib.asynccontextmanager
async def raw_provider(answer: Answering) -> AsyncIterator[RawProvider]:
    """Answer every request with `answer`, on one connection each."""
    provider = RawProvider()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            provider.requests.append(await _request(reader))
            answering = asyncio.ensure_future(answer(writer))
            leaving = asyncio.ensure_future(reader.read())
            done, pending = await asyncio.wait(
                {answering, leaving}, return_when=asyncio.FIRST_COMPLETED
            )
            provider.left += leaving in done
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, *done, return_exceptions=True)
        finally:
            writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        server.close()
        for writer in list(writers):
            writer.transport.abort()
        await asyncio.sleep(0)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head + await reader.readexactly(length)


STREAM = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def json_answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    """Return a whole HTTP answer."""
    return (
        b"HTTP/1.1 " + status + b"\r\ncontent-type: application/json\r\n"
        b"connection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    )

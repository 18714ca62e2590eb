"""A provider made of a raw socket, for answers that no HTTP server would give."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from faregate.core.attempts import UpstreamRequest


@dataclass(slots=True)
class Call:
    """One request as it arrived, and the way to answer it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes
    body: bytes
    connection: int
    """Number of the connection it came over, from 1."""
    number: int
    """Number of the request on its connection, from 1."""

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(": ") for line in lines if line)
        return {name.lower(): value for name, _, value in pairs}

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body: bytes, *headers: str, status: str = "200 OK") -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        await self.send("\r\n".join(lines).encode("utf-8", "surrogateescape") + body)

    async def left(self) -> None:
        """Wait until the client hangs up."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(1024):
                pass

    def reset(self) -> None:
        self.writer.transport.abort()


Answer = Callable[[Call], Awaitable[None]]


@dataclass(slots=True)
class RawProvider:
    """What reached the provider, and where it listens."""

    url: str
    calls: list[Call] = field(default_factory=list)
    connections: int = 0


@contextlib.asynccontextmanager
async def raw_provider(
    answer: Answer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawProvider]:
    """Serve `answer` on a free port; connections stay open until it closes them."""
    provider = RawProvider("")
    handlers: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        provider.connections += 1
        connection, number = provider.connections, 0
        # The cancellation is the end of the test; nobody waits for this task.
        ends = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with contextlib.suppress(*ends):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                number += 1
                call = Call(reader, writer, head[:-4], b"", connection, number)
                length = int(call.headers.get("content-length", "0"))
                call.body = await reader.readexactly(length)
                provider.calls.append(call)
                await answer(call)

    async def tracked(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            await serve(reader, writer)
        finally:
            handlers.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(tracked, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    provider.url = f"http{'s' if tls else ''}://127.0.0.1:{port}"
    try:
        yield provider
    finally:
        server.close()
        for task in list(handlers):
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
        await server.wait_closed()


def request(url: str, body: bytes = b"{}", **headers: str) -> UpstreamRequest:
    """Return an attempt with some headers."""
    return UpstreamRequest(
        url=url + "/v1/x",
        method="POST",
        headers={
            "content-type": "application/json",
            "accept-encoding": "identity",
            **headers,
        },
        body=body,
    )

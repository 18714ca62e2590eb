"""The TCP side of the agents' plane: limits that the HTTP parser does not keep.

A connection that sends no whole request head in time is answered 408; a head that
is too large is answered 431 or 414 instead of a bare 400.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

HEAD_TIMEOUT = 10.0
"""Seconds a new connection has for its first request head."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Connection(web.RequestHandler):
    """One client connection with a deadline for its first request."""

    __slots__ = ("_deadline",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._deadline = asyncio.get_running_loop().call_later(
            HEAD_TIMEOUT, self._too_slow
        )

    def connection_lost(self, exc: BaseException | None) -> None:
        self._deadline.cancel()
        super().connection_lost(exc)

    def knocked(self) -> None:
        """Note that a whole request head arrived."""
        self._deadline.cancel()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, LineTooLong):
            status = 431
        return super().handle_error(request, status, exc, message)

    def _too_slow(self) -> None:
        transport = self.transport
        if transport is not None:
            transport.write(
                b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n"
                b"connection: close\r\n\r\n"
            )
            transport.close()


class AgentServer(web.Server):
    """A server whose handlers are cancelled when their client hangs up."""

    def __init__(self, handler: Handler, **options: Any) -> None:
        async def knocked(request: web.BaseRequest) -> web.StreamResponse:
            connection = request.protocol
            if isinstance(connection, _Connection):
                connection.knocked()
            return await handler(request)

        super().__init__(
            knocked,
            handler_cancellation=True,
            auto_decompress=False,
            access_log=None,
            keepalive_timeout=3600.0,
            **options,
        )

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

"""The streamed answer to a client, over aiohttp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from faregate.gateway.ports import ClientGoneError
from faregate.server.responses import own_headers

if TYPE_CHECKING:
    from collections.abc import Mapping


class StreamReply:
    """Writes one streamed answer; `response` is what the handler returns."""

    def __init__(self, request: web.BaseRequest, request_id: str) -> None:
        """Answer `request`; nothing is sent yet."""
        self._request = request
        self._id = request_id
        self.response: web.StreamResponse | None = None

    @property
    def started(self) -> bool:
        """Tell whether status and headers went out."""
        return self.response is not None

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers."""
        response = web.StreamResponse(
            status=status, headers={**headers, **own_headers(self._id)}
        )
        self.response = response
        try:
            await response.prepare(self._request)
        except (ConnectionError, RuntimeError) as error:
            raise ClientGoneError from error

    async def write(self, data: bytes) -> None:
        """Send bytes, waiting while the client's buffer is full."""
        if self.response is None:
            raise ClientGoneError
        try:
            await self.response.write(data)
        except (ConnectionError, RuntimeError) as error:
            raise ClientGoneError from error

    async def fail(self, last_words: bytes) -> None:
        """Send an error event, then close without the end of a chunked body."""
        try:
            await self.write(last_words)
        except ClientGoneError:
            return
        if self._request.transport is not None:
            self._request.transport.close()

    def abort(self) -> None:
        """Drop the connection: a write that waits for the client ends at once."""
        if self._request.transport is not None:
            self._request.transport.abort()

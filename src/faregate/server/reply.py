"""The streamed answer to a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.gateway.ports import ClientGoneError
from faregate.server.answer import head_of
from faregate.server.responses import own_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.gateway.ports import Wait
    from faregate.server.connection import AgentConnection
    from faregate.server.incoming import Incoming


class StreamReply:
    """Writes one streamed answer; whoever made it ends it."""

    def __init__(
        self, connection: AgentConnection, request: Incoming, request_id: str
    ) -> None:
        """Answer `request`; nothing is sent yet."""
        self._connection = connection
        self._request = request
        self._id = request_id
        self._chunked = request.version == "1.1"
        self.started = False
        """Status and headers went out."""

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers."""
        framing = "transfer-encoding: chunked\r\n" if self._chunked else ""
        kept = self._chunked and self._request.keep_alive
        told = {**headers, **own_headers(self._id)}
        told.setdefault("content-type", "application/octet-stream")
        try:
            head = head_of(
                status, told, self._request.version, framing, keep_alive=kept
            )
        except ValueError as error:
            raise ClientGoneError from error
        self.started = True
        if not self._connection.write(head):
            await self._connection.drained()

    async def write(self, data: bytes) -> None:
        """Send bytes, waiting while the client's buffer is full."""
        wait = self.push(data)
        if wait is not None:
            await wait()

    def push(self, data: bytes) -> Wait | None:
        """Send bytes; return what to await where the client's buffer is full."""
        if not self.started:
            raise ClientGoneError
        if not data:
            return None
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        return None if self._connection.write(data) else self._connection.drained

    def end(self) -> bool:
        """End the body; tell whether the connection may carry another answer.

        Raises ClientGoneError; what failed has no end.
        """
        if self._chunked:
            self._connection.write(b"0\r\n\r\n")
        return self._chunked and self._request.keep_alive

    async def fail(self, last_words: bytes) -> None:
        """Send an error event, then close without the end of a chunked body."""
        try:
            await self.write(last_words)
        except ClientGoneError:
            return
        self._connection.hang_up()

    def abort(self) -> None:
        """Drop the connection: a write that waits for the client ends at once."""
        self._connection.drop()

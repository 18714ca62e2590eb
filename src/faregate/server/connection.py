"""The TCP side of the agents' plane: what the HTTP parser does not keep or say.

A connection that sends no whole request head in time is answered 408; a head that
is too large 431 or 414; anything else that is no HTTP gets a plain 400. Each is one
line of the log at most, and closes the connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import (
    BadHttpMethod,
    BadStatusLine,
    HttpProcessingError,
    LineTooLong,
)

from faregate.core.refusal import Refusal, RefusalCode
from faregate.server.responses import new_request_id, raw_refusal, refusal_response

HEAD_TIMEOUT = 10.0
"""Seconds for a request head to arrive, counted from its first byte; on a new
connection, from the beginning."""
IDLE_TIMEOUT = 3600.0
"""Seconds that an idle connection is kept: longer than any client keeps it."""
WRITE_STALL = 300.0
"""Seconds in which a client has to take something of what waits for it; so many,
because the system takes from us in megabytes what it gives a client in bytes."""
LONGEST_TARGET = 8192
LONGEST_HEADER = 8190
"""Not the same as the target's: the limit that was passed tells which it was."""
MOST_HEADERS = 128

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
_log = logging.getLogger("faregate.server")


class AgentConnection(web.RequestHandler):
    """One client connection: a deadline for each request head, and for each write."""

    __slots__ = ("_deadline", "_stalled", "_unsent", "on_lost")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.on_lost: Callable[[], None] | None = None
        """Told once when the client hangs up, while it is set."""
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._unsent = 0
        self._expect_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._head_came()
        self._client_reads()
        if self._task_handler is not None and not self._request_in_progress:
            # No request runs: what is left is to wait for a body that cannot come.
            self._task_handler.cancel()
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        self._client_reads()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._messages:
            self._head_came()
            if not isinstance(self._messages[-1][0], RawRequestMessage):
                self._end_body()
        elif self._deadline is None and self._waits_for_head():
            self._expect_head()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what never became a request; the base class logs a traceback."""
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        refusal = refusal_of(exc)
        _log.debug("a client sent no valid HTTP: %s", refusal.message)
        response = refusal_response(refusal, new_request_id(), {}, None, "/")
        response.headers["connection"] = "close"
        response.force_close()
        return response

    def _end_body(self) -> None:
        """Tell whoever reads a body that it broke: the base class lets him wait."""
        request = self._current_request
        if request is not None and not request.content.is_eof():
            self._lingering_time = 0
            request.content.set_exception(web.RequestPayloadError("it is no HTTP"))

    def _waits_for_head(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    def _expect_head(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(HEAD_TIMEOUT, self._too_slow)

    def _head_came(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expect_reading(self) -> None:
        if self.transport is not None:
            self._unsent = self.transport.get_write_buffer_size()
            loop = asyncio.get_running_loop()
            self._stalled = loop.call_later(WRITE_STALL, self._look_at_unsent)

    def _look_at_unsent(self) -> None:
        transport = self.transport
        if transport is not None and transport.get_write_buffer_size() >= self._unsent:
            transport.abort()
        else:
            self._expect_reading()

    def _client_reads(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self.transport is not None and self._waits_for_head():
            refusal = Refusal(
                code=RefusalCode.REQUEST_TIMEOUT,
                message=f"No whole request head came within {HEAD_TIMEOUT:.0f} s",
            )
            self.transport.write(raw_refusal(refusal, new_request_id()))
            self.force_close()


class AgentServer(web.Server):
    """A server whose handlers are told when their client hangs up.

    They are not cancelled: an answer that was asked for is to be paid for.
    """

    def __init__(self, handler: Handler, **options: Any) -> None:
        super().__init__(
            handler,
            handler_cancellation=False,
            auto_decompress=False,
            access_log=None,
            keepalive_timeout=IDLE_TIMEOUT,
            max_line_size=LONGEST_TARGET,
            max_field_size=LONGEST_HEADER,
            max_headers=MOST_HEADERS,
            **options,
        )

    def __call__(self) -> web.RequestHandler:
        return AgentConnection(self, loop=self._loop, **self._kwargs)


def refusal_of(error: HttpProcessingError) -> Refusal:
    """Return the answer to bytes that are no request; repeats none of them."""
    code, message = RefusalCode.BAD_REQUEST, "This is not valid HTTP/1.1"
    if isinstance(error, LineTooLong):
        code, message = _too_long(error)
    elif "Too many headers" in error.message:
        code = RefusalCode.HEADERS_TOO_LARGE
        message = f"More than {MOST_HEADERS} headers were sent"
    elif isinstance(error, BadHttpMethod) and "HTTPS" in error.message:
        message = "Faregate speaks plain http here: use http://, not https://"
    elif isinstance(error, BadStatusLine):
        message = "This is no HTTP/1.1 request: its first line is not valid"
    elif "Host" in error.message:
        message = "A request must carry exactly one Host header"
    elif "Duplicate" in error.message:
        message = "A header that must be unique was sent twice"
    return Refusal(code=code, message=message)


def _too_long(error: LineTooLong) -> tuple[RefusalCode, str]:
    if error.args[1] == LONGEST_TARGET:
        message = f"The URL is longer than {LONGEST_TARGET} bytes"
        return RefusalCode.URL_TOO_LONG, message
    message = f"A header is longer than {LONGEST_HEADER} bytes"
    return RefusalCode.HEADERS_TOO_LARGE, message

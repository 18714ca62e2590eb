"""The TCP side of the agents' plane: one client connection, one request after another.

Owns the order of answers, every deadline, and how much may wait to be read or written.
A client that hangs up is told on; its request is not cancelled: an answer that was
asked for is to be paid for.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Protocol, cast

from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.ports import ClientGoneError
from faregate.gateway.tasks import spawn
from faregate.server import body as bodies
from faregate.server.answer import Answer
from faregate.server.incoming import Incoming, RequestParser

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_TIMEOUT = 10.0
"""Seconds for a request head to arrive, counted from its first byte; on a new
connection, from the beginning."""
IDLE_TIMEOUT = 3600.0
"""Seconds that an idle connection is kept: longer than any client keeps it."""
WRITE_STALL = 300.0
"""Seconds in which a client has to take something of what waits for it; so many,
because the system takes from us in megabytes what it gives a client in bytes."""
LINGER = 10.0
"""Seconds in which a client may go on sending what was refused: it reads the answer
when it is done."""
MOST_QUEUED = 32
"""Requests that may wait behind the one that is served before nothing more is read."""
MOST_AHEAD = 64 * 1024
"""Bytes of the next body that are read while a request is served."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_log = logging.getLogger("faregate.server")


class Streamed(Protocol):
    """An answer that was written piece by piece."""

    def end(self) -> bool:
        """End it; tell whether the connection may carry another answer."""
        ...


class Plane(Protocol):
    """What decides on requests, and serves them."""

    def enter(self, request: Incoming) -> Answer | None:
        """Answer a request by its head alone, or let it in: None."""
        ...

    def refuse(self, request: Incoming, refusal: Refusal) -> Answer:
        """Return a refusal in the words of whoever asked."""
        ...

    def expect(self) -> None:
        """Note that a request is whole and will be served once, in this turn."""
        ...

    async def serve(
        self, request: Incoming, connection: AgentConnection
    ) -> Answer | Streamed:
        """Serve a request that was let in and is whole."""
        ...


class AgentConnection(asyncio.Protocol):
    """One client connection."""

    def __init__(self, plane: Plane, others: set[AgentConnection]) -> None:
        """Serve by `plane`; be one of `others` for as long as it is open."""
        self._plane = plane
        self._others = others
        self._loop = asyncio.get_running_loop()
        self._parser = RequestParser()
        self.transport: asyncio.Transport | None = None
        self.on_lost: Callable[[], None] | None = None
        """Told once when the client hangs up, while it is set."""
        self._current: Incoming | None = None
        self.task: asyncio.Task[None] | None = None
        """Serves the current request."""
        self._lingering: Incoming | None = None
        self._ends = False
        """The connection is to end: nothing more is read or begun."""
        self._number = 0
        self._timed: tuple[str, int] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._idle_since = self._loop.time()
        self._idle: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._unsent = 0
        self._full = False
        """The client does not take what is written to it."""
        self._drains: list[asyncio.Future[None]] = []
        self._holds_back = False

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of it.
        self.transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._others.add(self)
        self._expect("head")
        self._idle = self._loop.call_later(IDLE_TIMEOUT, self._look_idle)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.transport = None
        self._ends = True
        self._others.discard(self)
        self._expect(None)
        if self._idle is not None:
            self._idle.cancel()
        self._client_reads()
        self._parser.close()
        if self.on_lost is not None:
            self.on_lost()

    def pause_writing(self) -> None:
        self._full = True
        self._expect_reading()

    def resume_writing(self) -> None:
        self._client_reads()
        self._pump()

    def data_received(self, data: bytes) -> None:
        if self._ends:
            return
        self._parser.feed(data)
        if self._lingering is not None:
            if self._lingering.complete or self._parser.broken:
                self.hang_up()
            return
        self._pump()

    # What whoever serves a request does.

    @property
    def lost(self) -> bool:
        """Tell whether nothing can be written any more."""
        return self.transport is None or self.transport.is_closing()

    def write(self, data: bytes) -> bool:
        """Write, and tell whether the client takes more; raises ClientGoneError."""
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ClientGoneError
        transport.write(data)
        return not self._full

    async def drained(self) -> None:
        """Return once the client takes more; raises ClientGoneError."""
        while self._full and self.transport is not None:
            waiter = self._loop.create_future()
            self._drains.append(waiter)
            await waiter
        if self.transport is None:
            raise ClientGoneError

    def hang_up(self) -> None:
        """End the connection once everything is written."""
        self._ends = True
        if self.transport is not None:
            self.transport.close()

    def drop(self) -> None:
        """End the connection now."""
        self._ends = True
        if self.transport is not None:
            self.transport.abort()

    def leave(self) -> None:
        """End the connection after the request that is served."""
        self._ends = True
        if self.task is None:
            self.hang_up()

    # One request after another.

    def _pump(self) -> None:
        """Go on with what has come."""
        if self._current is not None and self.task is None:
            self._advance(self._current)
        requests = self._parser.requests
        while requests and self._current is None and not (self._ends or self._full):
            self._begin(requests.popleft())
        if requests or self._holds_back or self._parser.receiving is not None:
            self._mind_reading()
        if self._timed is not None or self.task is None:
            self._mind_time()

    def _begin(self, request: Incoming) -> None:
        self._number += 1
        self._current = request
        if request.refusal is None or request.method:
            try:
                answer = self._plane.enter(request)
            except Exception:  # noqa: BLE001 - logged here, for no caller is there
                answer = self._failed(request)
            if answer is not None:
                self._say(request, answer)
                return
            if request.head:
                self._remember(request)
            self._greet(request)
        self._advance(request)

    def _remember(self, request: Incoming) -> None:
        """Know a head that was let in; never one with a provider's own key."""
        visit = request.visit
        if visit is not None and visit.kept:
            self._parser.remember(request)
        request.head = b""

    def _greet(self, request: Incoming) -> None:
        """Judge how a body is announced, and ask for it where its client waits."""
        if request.length is not None and request.length > bodies.BODY_LIMIT:
            request.refusal = bodies.too_large()
            return
        visit = request.visit
        expected = None if visit is None else visit.headers.get("expect")
        if expected is None or request.refusal is not None:
            return
        request.refusal = bodies.expectation_failed(expected)
        waits = request.version == "1.1" and not request.complete
        if request.refusal is None and waits and self.transport is not None:
            self.transport.write(_CONTINUE)

    def _advance(self, request: Incoming) -> None:
        """Serve a request that is whole, refuse one that never will be."""
        if request.refusal is not None:
            self._say(request, self._plane.refuse(request, request.refusal))
        elif request.complete:
            self._plane.expect()
            self.task = spawn(self._serve(request), "request", self._loop)

    async def _serve(self, request: Incoming) -> None:
        try:
            outcome = await self._plane.serve(request, self)
        except asyncio.CancelledError:
            self.drop()
            raise
        except Exception:  # noqa: BLE001 - logged there, for no caller is there
            outcome = self._failed(request)
        try:
            if isinstance(outcome, Answer):
                self._say(request, outcome)
            elif not outcome.end():
                self.hang_up()
            if self._full:
                await self.drained()
        except ClientGoneError:
            pass  # It was told when it was lost.
        self.task = self._current = None
        self._idle_since = self._loop.time()
        if self._ends:
            self.hang_up()
        elif self._holds_back or not self._parser.rests:
            self._pump()

    def _say(self, request: Incoming, answer: Answer) -> None:
        """Write an answer in one piece, and see what becomes of the connection."""
        keeps = request.keep_alive and request.complete and not answer.closes
        keeps = keeps and not self._ends
        is_head = request.method == "HEAD"
        version = request.version
        try:
            data = answer.to_bytes(version, keep_alive=keeps, bodiless=is_head)
        except ValueError:
            # Its headers cannot be sent, ours can.
            answer, keeps = self._failed(request), False
            data = answer.to_bytes(version, keep_alive=keeps, bodiless=is_head)
        if self.task is None:
            self._current = None
        if self.transport is not None:
            self.transport.write(data)
        if keeps:
            return
        if request.complete or self._parser.broken or self.transport is None:
            self.hang_up()
        else:
            # Whoever is still sending would find the connection reset, not an answer.
            request.refusal = request.refusal or bodies.badly_framed()
            request.parts.clear()
            self._lingering = request
            if self._holds_back:
                self._holds_back = False
                self.transport.resume_reading()
            self._expect("linger")

    def _failed(self, request: Incoming) -> Answer:
        _log.exception("a request failed")
        words = "Faregate failed; please report this"
        refusal = Refusal(code=RefusalCode.INTERNAL, message=words)
        return self._plane.refuse(request, refusal)

    # How much may wait.

    def _mind_reading(self) -> None:
        """Read nothing more while enough waits to be served."""
        if self.transport is None or self._lingering is not None:
            return
        ahead = self._parser.receiving
        waiting = len(self._parser.requests)
        if ahead is self._current:
            ahead = None
        much = ahead is not None and ahead.size > MOST_AHEAD
        if not self._holds_back and (much or waiting >= MOST_QUEUED):
            self._holds_back = True
            self.transport.pause_reading()
        elif self._holds_back and not much and waiting <= MOST_QUEUED // 2:
            self._holds_back = False
            self.transport.resume_reading()

    # How long anything may take.

    def _mind_time(self) -> None:
        if self._ends or self._lingering is not None:
            return
        if self._current is not None:
            self._expect(None if self.task is not None else "body")
        else:
            self._expect("head" if self._parser.in_head or not self._number else None)

    def _expect(self, what: str | None) -> None:
        """Begin to count the time of something, and no longer that of another."""
        timed = None if what is None else (what, self._number)
        if timed == self._timed:
            return
        self._timed = timed
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if what is not None:
            allowed = {
                "head": HEAD_TIMEOUT,
                "body": bodies.BODY_TIMEOUT,
                "linger": LINGER,
            }
            self._timer = self._loop.call_later(allowed[what], self._too_slow, what)

    def _too_slow(self, what: str) -> None:
        self._timer = None
        if what == "linger":
            self.hang_up()
            return
        request = self._current or Incoming()
        request.refusal = bodies.too_slow() if what == "body" else _slow_head()
        self._say(request, self._plane.refuse(request, request.refusal))
        if what == "head":
            self.hang_up()

    def _look_idle(self) -> None:
        left = self._idle_since + IDLE_TIMEOUT - self._loop.time()
        if left > 0 or self._current is not None:
            self._idle = self._loop.call_later(max(left, 1.0), self._look_idle)
        else:
            self.hang_up()

    def _expect_reading(self) -> None:
        if self.transport is not None:
            self._unsent = self.transport.get_write_buffer_size()
            self._stalled = self._loop.call_later(WRITE_STALL, self._look_at_unsent)

    def _look_at_unsent(self) -> None:
        transport = self.transport
        if transport is not None and transport.get_write_buffer_size() >= self._unsent:
            transport.abort()
        else:
            self._expect_reading()

    def _client_reads(self) -> None:
        self._full = False
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        drains, self._drains = self._drains, []
        for waiter in drains:
            if not waiter.done():
                waiter.set_result(None)


def _slow_head() -> Refusal:
    return Refusal(
        code=RefusalCode.REQUEST_TIMEOUT,
        message=f"No whole request head came within {HEAD_TIMEOUT:.0f} s",
    )

"""One connection to a provider: a request goes out, its answer is read.

Owns when an answer has a head, comes to its end or breaks, and how much of it may
wait here. What arrives wakes its reader once for each read of the socket, or is
handed on at once where somebody pours.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import aiohttp
import httptools

from faregate.upstream.evidence import Witness
from faregate.upstream.turns import AT_ONCE, Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.connector import Connection

    Wait = Callable[[], Awaitable[None]]
    Into = Callable[[bytes], Wait | None]

MOST_WAITING = 128 * 1024
"""Bytes of an answer that may wait for their reader before the provider must."""
LONGEST_HEADER = 8190
MOST_HEADERS = 128
_LONGEST_HEAD = (MOST_HEADERS + 2) * (LONGEST_HEADER + 4)
"""A longer head has a line that is too long, or too many."""
# As a number: bytes would first be tried as one, which fails at some cost.
_NUL = 0
_FIRST = 100
_SWITCHING = 101


class Line(asyncio.Protocol):
    """Carries one request at a time."""

    used = False
    """It has carried a request before."""
    once = False
    """It carries no other request than its first."""
    idle_since = 0.0
    connection: Connection | None = None
    """What the connector holds of it, until it is lost."""
    should_close = True
    """The connector, which asks this, is to keep no connections."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, turns: Turns | None = None
    ) -> None:
        """Share the loop's time with the lines that have the same `turns`."""
        self._loop = loop
        self._turns = turns or Turns(loop)
        self._queued = False
        """It waits for its turn to hand on what is here."""
        self.transport: asyncio.Transport | None = None
        self.closed: asyncio.Future[None] = loop.create_future()
        """Done once the connection is lost."""
        self._parser: httptools.HttpResponseParser | None = None
        self._witness: Witness | None = None
        self.untouched = False
        """The provider provably took no byte of the request; known once it broke."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self._beside = 0
        """Bytes since the last that was of a body."""
        self._fields = 0
        self._headed = False
        self._interim = False
        self._parts: list[bytes] = []
        self._waiting = 0
        self._paused = False
        self.over = True
        """The answer has come to its end; what waits here is the last of it."""
        self._keeps = True
        self.broke: Exception | None = None
        """What ended the answer before its end."""
        self._waiter: asyncio.Future[Wait | None] | None = None
        self._into: Into | None = None

    # What a request does, in this order.

    def send(self, data: list[bytes]) -> None:
        """Write a request; raises ClientOSError on a connection that is gone."""
        transport = self.transport
        if transport is None or transport.is_closing():
            self.untouched = True
            raise aiohttp.ClientOSError("the connection is gone")
        self.over = self._headed = False
        self.status = self._beside = self._fields = 0
        self.headers = {}
        if self._witness is not None:
            self._witness.watch()
        if len(data) == 1:
            transport.write(data[0])
        else:
            transport.writelines(data)

    async def head(self) -> None:
        """Return once status and headers are there; raises what broke it."""
        while not self._headed:
            if self.broke is not None:
                raise self.broke
            await self._news()

    def taken(self) -> bytes:
        """Return what has arrived of the body and was not taken; may be nothing.

        A lot is returned in parts.
        """
        parts = self._parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        if len(data) <= AT_ONCE:
            self._parts, self._waiting = [], 0
        else:
            self._parts = [data[AT_ONCE:]]
            self._waiting = len(data) - AT_ONCE
            data = data[:AT_ONCE]
        if self._paused and not self._parts:
            self._resume()
        return data

    def arrived(self) -> bytes | None:
        """Return the whole body where all of it is here, as small ones are at once.

        None, and nothing is taken, for any other.
        """
        size = self._waiting
        here = self.over and self.broke is None and size <= AT_ONCE
        return self.taken() if here and self._turns.take(size) else None

    async def more(self) -> bool:
        """Wait until it is the turn of something that can be taken.

        False at the end; raises what broke.
        """
        while not self._parts:
            if self.broke is not None:
                raise self.broke
            if self.over:
                return False
            await self._news()
        size = min(self._waiting, AT_ONCE)
        if not self._turns.take(size):
            self._pause()
            await self._turns.turn(size)
        return True

    async def pour(self, into: Into) -> None:
        """Hand the body to `into` as it arrives, to the end; raises what broke.

        What `into` returns is called and awaited before it gets more.
        """
        try:
            while await self.more():
                wait = into(self.taken())
                while wait is None and not (self._parts or self.over or self.broke):
                    wait = await self._news(into)
                if wait is not None:
                    await wait()
        finally:
            # It may wait in the pool, and would keep whoever was poured to.
            self._waiter = self._into = None

    @property
    def reusable(self) -> bool:
        """Tell whether it may carry another request.

        A provider may answer before it has read the whole request; what is left of
        it then would stand before the next one.
        """
        transport = self.transport
        return (
            transport is not None
            and self.over
            and self._keeps
            and not self.once
            and not transport.is_closing()
            and not transport.get_write_buffer_size()
        )

    def reset(self) -> None:
        """Forget the answer: what was not taken of it is dropped."""
        self._parts, self._waiting = [], 0
        if self._paused:
            self._resume()
        self.headers = {}

    def is_connected(self) -> bool:
        """Tell whether the connection stands."""
        return self.transport is not None and not self.transport.is_closing()

    def close(self) -> None:
        """Close the connection, the way that peers expect."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Drop the connection now, so that the provider stops."""
        if self.transport is not None:
            self.transport.abort()

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of it.
        self.transport = cast("asyncio.Transport", transport)
        self._witness = Witness.of(transport)
        self._parser = parser = httptools.HttpResponseParser(self)
        # As browsers and every other client: answers are not ours to judge.
        parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = self._parser = None
        if not self.over:
            self._ended_by(exc)
        if self._witness is not None:
            self.untouched = self._witness.untouched()
            self._witness.close()
            self._witness = None
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        if not self.closed.done():
            self.closed.set_result(None)
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self.over or self._parser is None:
            # Nobody asked for anything.
            self._keeps = False
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.over, self._keeps = True, False
        except httptools.HttpParserError as error:
            self._malformed(error)
        self._beside += len(data)
        if self._beside > _LONGEST_HEAD:
            # A head, or what may follow a body: the parser keeps all of a line that
            # has not ended.
            self._malformed(ValueError("the head of its answer is too long"))
        if self._waiter is not None:
            self._wake()
        # A loop may read many times before it runs who asked for time.
        if self._waiting > MOST_WAITING:
            self._pause()

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self.over:
            raise ValueError("more than the answer came")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._headed:
            return  # A trailer, which nobody passes on.
        if len(name) + len(value) > LONGEST_HEADER or _NUL in value:
            raise ValueError("a header that cannot be")
        self._fields += 1
        if self._fields > MOST_HEADERS:
            raise ValueError("too many headers")
        # The parser lets a space stand behind the names of those that frame a body.
        low = name.decode("latin-1").lower().rstrip()
        text = value.decode("utf-8", "surrogateescape").strip(" \t")
        before = self.headers.get(low)
        if before is not None and before != text:
            text = f"{before}, {text}"
        self.headers[low] = text

    def on_headers_complete(self) -> None:
        parser = self._parser
        status = 0 if parser is None else parser.get_status_code()
        if status < _FIRST:
            raise ValueError("a status that cannot be")
        if status < 200 and status != _SWITCHING:
            self._interim = True
            return
        self.status, self._headed = status, True
        self._beside = 0

    def on_body(self, data: bytes) -> None:
        self._beside = 0
        self._parts.append(data)
        self._waiting += len(data)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
            self._beside = self._fields = 0
            self.headers = {}
            return
        self.over = True
        self._keeps = self._parser is not None and self._parser.should_keep_alive()

    # How an answer breaks, and who hears of it.

    def _ended_by(self, exc: Exception | None) -> None:
        """Note how an answer ended whose connection is lost."""
        if self.broke is not None:
            return
        if not self._headed:
            self.broke = (
                aiohttp.ClientOSError(*exc.args)
                if isinstance(exc, OSError)
                else aiohttp.ServerDisconnectedError()
            )
        elif exc is None and not self._framed():
            self.over, self._keeps = True, False
        else:
            self.broke = aiohttp.ClientPayloadError("the answer is not complete")

    def _framed(self) -> bool:
        """Tell whether the answer says itself where it ends."""
        coding = self.headers.get("transfer-encoding")
        if coding is not None:
            return coding.lower().endswith("chunked")
        return "content-length" in self.headers

    def _malformed(self, error: Exception) -> None:
        self._keeps = False
        if self.over or self.broke is not None:
            return
        if self._headed:
            self.broke = aiohttp.ClientPayloadError("the answer is badly framed")
        else:
            self.broke = ValueError(f"the answer is not valid HTTP: {error}")
        if self._witness is not None:
            self.untouched = self._witness.untouched()

    def _news(self, into: Into | None = None) -> asyncio.Future[Wait | None]:
        """Return what is done when something happened.

        `into` is given what arrives meanwhile, and what it returns is the result.
        """
        self._into = into
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def _wake(self, *, in_turn: bool = False) -> None:
        """Hand on what arrived, and wake whoever has something to decide."""
        waiter, into = self._waiter, self._into
        if waiter is None or waiter.done() or self._queued:
            return
        if into is None or not self._parts or self.broke is not None:
            waiter.set_result(None)
        elif in_turn or self._turns.take(min(self._waiting, AT_ONCE)):
            self._hand_on(waiter, into)
        else:
            self._queue()

    def _pause(self) -> None:
        if not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        self._paused = False
        if self.transport is not None:
            self.transport.resume_reading()

    def _queue(self) -> None:
        self._queued = True
        # What comes meanwhile is read at once: many small reads take much longer.
        self._pause()
        self._turns.wait(self._go_on, min(self._waiting, AT_ONCE))

    def _go_on(self) -> None:
        """Hand on what waited for its turn."""
        self._queued = False
        self._wake(in_turn=True)

    def _hand_on(self, waiter: asyncio.Future[Wait | None], into: Into) -> None:
        try:
            wait = into(self.taken())
        except Exception as error:  # noqa: BLE001 - raised where it is awaited
            waiter.set_exception(error)
            return
        if wait is not None or (self.over and not self._parts):
            waiter.set_result(wait)
        elif self._parts:
            self._queue()

"""One request in the middle of its answer: pacing, bytes and the bill row.

Owns how far generation has come, so that a broken answer is billed by what was made.
Knows neither faults nor scripts; both drive it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from aiohttp import web

from faregate.smoke.simulated.bill import BilledBecause, BillRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.smoke.simulated.answer import Answer
    from faregate.smoke.simulated.ask import Ask
    from faregate.smoke.simulated.dialects.dialect import Dialect
    from faregate.smoke.simulated.rates import BillRates, Counts
    from faregate.smoke.simulated.seen import SeenRequest

_FLUSH = 0.01  # lets the transport hand its bytes to the kernel before a reset
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class HungUpError(Exception):
    """The provider itself ended the connection; `unread` says before it read the ask."""

    def __init__(self, *, unread: bool = False) -> None:
        super().__init__("the provider ended the connection")
        self.unread = unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds before the first byte and between two chunks."""

    first_byte: float
    gap: float


class Exchange:
    """One ask and its answer on one connection.

    `reused` says that the connection carried an earlier request.
    """

    def __init__(
        self,
        *,
        request: web.Request,
        seen: SeenRequest,
        dialect: Dialect,
        ask: Ask,
        answer: Answer,
        pace: Pace,
        headers: Mapping[str, str],
        reused: bool = False,
    ) -> None:
        self.reused = reused
        self.request = request
        self.seen = seen
        self.dialect = dialect
        self.ask = ask
        self.answer = answer
        self.pace = pace
        self.headers = headers
        self.generated = 0
        self.response: web.StreamResponse | None = None

    @property
    def complete(self) -> bool:
        """Return whether every output token was generated."""
        return self.generated >= self.answer.counts.output

    async def wait(self, seconds: float) -> None:
        """Sleep; a client that leaves meanwhile cancels this."""
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def think(self) -> None:
        """Generate the whole answer at the pace, sending nothing."""
        for piece in self.answer.pieces:
            await self.wait(self.pace.gap)
            self.generated += piece.tokens * self.ask.choices

    async def send_whole(
        self,
        data: bytes,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send one complete answer; JSON unless `headers` say otherwise."""
        await self.open(status=status, headers=headers, length=len(data))
        await self.write(data)
        await self.end()

    async def open(
        self,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        """Send status and headers; without `length` the body is chunked."""
        response = web.StreamResponse(status=status)
        response.headers["Content-Type"] = "application/json"
        for name, value in (*self.headers.items(), *(headers or {}).items()):
            if name.lower() == "set-cookie":
                response.headers.add(name, value)
            else:
                response.headers[name] = value
        if length is not None:
            response.content_length = length
        self.seen.status = status
        self.response = response
        await response.prepare(self.request)

    async def write(self, data: bytes, tokens: int = 0) -> None:
        """Send bytes; `tokens` were generated to make them."""
        self.generated += tokens
        if self.response is None:
            raise RuntimeError("write() before open()")
        if data:
            await self.response.write(data)

    async def end(self) -> None:
        """End the body as HTTP wants it."""
        if self.response is not None:
            await self.response.write_eof()

    async def write_raw(self, data: bytes) -> None:
        """Put bytes on the connection, past every HTTP framing."""
        transport = self.request.transport
        if transport is not None:
            transport.write(data)
            await asyncio.sleep(_FLUSH)

    async def reset(self, *, unread: bool = False) -> NoReturn:
        """End the connection with a TCP reset; `unread` bills nothing."""
        await asyncio.sleep(_FLUSH)
        transport = self.request.transport
        if transport is not None:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            transport.abort()
        raise HungUpError(unread=unread)

    async def cut(self) -> NoReturn:
        """Close the connection in order, whatever is still missing."""
        transport = self.request.transport
        if transport is not None:
            transport.close()
        raise HungUpError

    def counts(self, *, whole: bool) -> Counts:
        """Return what to bill: the whole answer, or what was generated so far."""
        counts = self.answer.counts
        if whole or self.complete:
            return counts
        reasoning = min(counts.reasoning, self.generated)
        return replace(counts, output=self.generated, reasoning=reasoning)

    def row(
        self,
        counts: Counts,
        rates: BillRates,
        because: BilledBecause,
        *,
        aborted: bool,
        ended: float,
    ) -> BillRow:
        """Return the bill row of this exchange."""
        return BillRow(
            model=self.answer.model,
            protocol=self.dialect.name,
            input=counts.input,
            cached=counts.cached,
            cache_write=counts.cache_write + counts.cache_write_1h,
            output=counts.output,
            amount=rates.amount(counts),
            billed_because=because,
            label=self.seen.label,
            status=self.seen.status,
            started=self.seen.started,
            ended=ended,
            aborted=aborted,
        )

"""The connections to providers: those that wait, and how new ones are made."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, cast

import aiohttp

from faregate.upstream.destination import Destination, Dial, Origin
from faregate.upstream.line import Line
from faregate.upstream.probing import probing_socket
from faregate.upstream.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.client_proto import ResponseHandler

KEEPALIVE = 15.0
"""Seconds an idle connection is kept: below what providers' own servers keep."""
CONNECT_TIMEOUT = 10.0
_TIMEOUT = aiohttp.ClientTimeout(
    total=None, connect=None, sock_connect=CONNECT_TIMEOUT, sock_read=None
)


class _Dialer(aiohttp.TCPConnector):
    """Makes connections: names, addresses, TLS. It keeps none that is idle."""

    def __init__(self) -> None:
        # The system's own look-up, which knows of VPNs and local domains.
        super().__init__(
            limit=0,
            resolver=aiohttp.ThreadedResolver(),
            socket_factory=probing_socket,
        )
        line: Any = functools.partial(Line, loop=self._loop, turns=Turns(self._loop))
        self._factory = cast("functools.partial[ResponseHandler]", line)


class Pool:
    """As many lines as there are requests at once, and those that wait for one."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        """Open an empty pool inside a running loop.

        `elapsed` counts sleep: on a machine that wakes up, no connection is young.
        """
        self._elapsed = elapsed
        self._loop = asyncio.get_running_loop()
        self._dialer = _Dialer()
        self._idle: dict[Origin, list[Line]] = {}
        self._sweeping: asyncio.TimerHandle | None = None
        self.closed = False

    @property
    def idle(self) -> int:
        """Return how many connections wait for a request."""
        return sum(line.reusable for lines in self._idle.values() for line in lines)

    def take(self, origin: Origin) -> Line | None:
        """Return a connection that waits, the last one that was used."""
        lines = self._idle.get(origin)
        oldest = self._elapsed() - KEEPALIVE
        while lines:
            line = lines.pop()
            # It was reusable when it began to wait, and ends once it no longer is.
            if line.is_connected() and line.idle_since >= oldest:
                return line
            line.close()
        return None

    async def open(self, destination: Destination) -> Line:
        """Return a new connection; raises what the HTTP client raises."""
        dial = Dial(destination.url, self._loop)
        connection = await self._dialer.connect(dial, [], _TIMEOUT)
        line: object = connection.protocol
        if not isinstance(line, Line):
            raise TypeError("the dialer made a connection of another kind")
        if line.is_connected():
            line.connection = connection
        else:
            connection.close()
        return line

    def give_back(self, line: Line, origin: Origin) -> None:
        """Keep a line for the next request, if it can carry one."""
        if self.closed or not line.reusable:
            line.abort()
            return
        line.reset()
        line.idle_since = self._elapsed()
        lines = self._idle.get(origin)
        if lines is None:
            lines = self._idle[origin] = []
        lines.append(line)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(KEEPALIVE, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody wanted for too long."""
        self._sweeping = None
        oldest = self._elapsed() - KEEPALIVE
        for origin, lines in list(self._idle.items()):
            kept = []
            for line in lines:
                if line.reusable and line.idle_since > oldest:
                    kept.append(line)
                else:
                    line.close()
            if kept:
                self._idle[origin] = kept
            else:
                del self._idle[origin]
        if self._idle:
            self._sweeping = self._loop.call_later(KEEPALIVE / 3, self._sweep)

    async def close(self) -> None:
        """Close every connection, those that are in use as well."""
        self.closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._idle.clear()
        await self._dialer.close()

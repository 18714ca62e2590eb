"""The connections to providers, and what each request must know of its own."""

from __future__ import annotations

import contextlib
import weakref
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from faregate.upstream.evidence import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.tracing import Trace

    from faregate.core.attempts import Departure


@dataclass(slots=True)
class Sending:
    """How one request went out."""

    departure: Departure
    reused: bool = False
    """Its connection had carried a request before."""
    witness: Witness | None = None

    def untouched(self) -> bool:
        """Tell whether it is proven that the provider took no byte of it."""
        return self.witness is not None and self.witness.untouched()


_sending: ContextVar[Sending] = ContextVar("faregate_sending")


@contextlib.contextmanager
def sending(departure: Departure) -> Iterator[Sending]:
    """Note, for the request sent inside, which connection it gets."""
    noted = Sending(departure)
    departure.connecting = True
    token = _sending.set(noted)
    try:
        yield noted
    finally:
        _sending.reset(token)
        if noted.witness is not None:
            noted.witness.close()


class Pool(aiohttp.TCPConnector):
    """A connection pool whose requests must be sent inside `sending()`."""

    def __init__(
        self, *, keepalive_timeout: float | None = None, force_close: bool = False
    ) -> None:
        """Open an empty pool; `force_close` uses each connection only once."""
        super().__init__(
            limit=0,
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            # The system's own look-up, which knows of VPNs and local domains.
            resolver=aiohttp.ThreadedResolver(),
        )
        self._used: weakref.WeakSet[ResponseHandler] = weakref.WeakSet()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the base class's name
    ) -> aiohttp.connector.Connection:
        """Return a connection, noting whether it is a used one."""
        connection = await super().connect(req, traces, timeout)
        protocol = connection.protocol
        if protocol is not None:
            noted = _sending.get()
            noted.departure.connecting = False
            noted.reused = protocol in self._used
            noted.witness = Witness.of(protocol.transport)
            self._used.add(protocol)
        return connection

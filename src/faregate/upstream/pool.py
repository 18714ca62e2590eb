"""The connections to providers, and what each request must know of its own."""

from __future__ import annotations

import functools

import aiohttp
from aiohttp.client_proto import ResponseHandler


class Line(ResponseHandler):
    """One connection to a provider."""

    used = False
    """It has carried a request before."""

    @property
    def should_close(self) -> bool:
        """Tell whether the connection must not carry another request.

        A provider may answer before it has read the whole request; what is left of
        it then would stand before the next one.
        """
        transport = self.transport
        unsent = transport is not None and transport.get_write_buffer_size() > 0
        return unsent or super().should_close


class Pool(aiohttp.TCPConnector):
    """A pool of lines, as many as there are requests at once."""

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
        line: type[ResponseHandler] = Line
        self._factory = functools.partial(line, loop=self._loop)

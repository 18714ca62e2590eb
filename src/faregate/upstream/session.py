"""One pooled HTTP client for all providers.

Follows no redirect, keeps no cookie, trusts no proxy variable and asks for no
compression, so that bytes can pass as they come.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from faregate.core.faults import FaultKind, UpstreamError
from faregate.protocols.content_encoding import (
    BoundedDecoder,
    DecodingError,
    decoder_for,
)
from faregate.upstream.errors import fault_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from faregate.core.attempts import UpstreamRequest

CONNECT_TIMEOUT = 10.0
KEEPALIVE = 15.0
"""Seconds an idle connection is kept: below what providers' own servers keep."""
READ_CHUNK = 64 * 1024
DECODED_LIMIT = 256 * 1024 * 1024
"""Most bytes that one compressed answer may decode to."""


class HttpAnswer:
    """A provider's answer whose headers have arrived."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers = response.headers
        encoding = response.headers.get("content-encoding")
        self._decoder: BoundedDecoder | None = None
        if encoding is not None:
            self._decoder = decoder_for(encoding, DECODED_LIMIT)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield body bytes, decoded, as they arrive."""
        decoder = self._decoder
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk if decoder is None else decoder.feed(chunk)
            if decoder is not None:
                yield decoder.finish()
        except DecodingError as error:
            self.abort()
            raise UpstreamError(FaultKind.MALFORMED, str(error), sent=True) from error
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise fault_of(error) from error

    async def read(self, limit: int) -> bytes:
        """Return the whole body, decoded; raise UpstreamError beyond `limit`."""
        parts = []
        size = 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                self.abort()
                raise UpstreamError(
                    FaultKind.TOO_LARGE,
                    f"its answer is larger than {limit} bytes",
                    sent=True,
                )
            parts.append(chunk)
        self.release()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def abort(self) -> None:
        """Close the connection, so that the provider stops."""
        self._response.close()

    def release(self) -> None:
        """Hand the connection back to the pool."""
        self._response.release()


class HttpUpstream:
    """Sends attempts; open it inside a running loop, close it once."""

    def __init__(self) -> None:
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        self._pooled = _session(
            aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE), [trace]
        )
        self._fresh = _session(aiohttp.TCPConnector(limit=0, force_close=True), [])

    async def send(
        self, request: UpstreamRequest, *, fresh: bool = False
    ) -> HttpAnswer:
        """Return once headers arrived; raise UpstreamError otherwise."""
        session = self._fresh if fresh else self._pooled
        seen = SimpleNamespace(reused=False)
        try:
            response = await session.request(
                request.method,
                URL(request.url, encoded=True),
                data=request.body if request.method != "GET" else None,
                headers=request.headers,
                allow_redirects=False,
                trace_request_ctx=seen,
            )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise fault_of(error, reused=seen.reused) from error
        try:
            return HttpAnswer(response)
        except DecodingError as error:
            response.close()
            raise UpstreamError(FaultKind.MALFORMED, str(error), sent=True) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._pooled.close()
        await self._fresh.close()


def _session(
    connector: aiohttp.TCPConnector, traces: list[aiohttp.TraceConfig]
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        trace_configs=traces,
        timeout=aiohttp.ClientTimeout(
            total=None, connect=None, sock_connect=CONNECT_TIMEOUT, sock_read=None
        ),
        read_bufsize=READ_CHUNK,
        skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
    )


async def _note_reuse(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    context.trace_request_ctx.reused = True

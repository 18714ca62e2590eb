"""One pooled HTTP client for all providers.

Follows no redirect, keeps no cookie, trusts no proxy variable and asks for no
compression, so that bytes can pass as they come.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from faregate.core.faults import FaultKind, UpstreamError
from faregate.protocols.content_encoding import DecodingError, decoder_for
from faregate.upstream.errors import BREAKING, fault_of
from faregate.upstream.pool import Pool, sending

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from faregate.core.attempts import UpstreamRequest
    from faregate.protocols.content_encoding import BoundedDecoder

CONNECT_TIMEOUT = 10.0
KEEPALIVE = 15.0
"""Seconds an idle connection is kept: below what providers' own servers keep."""
READ_CHUNK = 64 * 1024
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
DECODED_LIMIT = 256 * 1024 * 1024
"""Most bytes that one compressed answer may decode to."""


class HttpAnswer:
    """A provider's answer whose headers have arrived."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        """Take a response over; raises DecodingError for an unknown encoding."""
        self._response = response
        self.status = response.status
        self.headers = _clean(response.headers)
        encoding = response.headers.get("content-encoding")
        self._decoder: BoundedDecoder | None = None
        if encoding is not None:
            self._decoder = decoder_for(encoding, DECODED_LIMIT)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield body bytes, decoded, as they arrive."""
        content = self._response.content
        try:
            if self._decoder is None:
                async for chunk in content.iter_any():
                    yield chunk
            else:
                async for chunk in _decoded(content, self._decoder):
                    yield chunk
        except BaseException as error:
            # Whoever is cancelled here has no further use for the connection.
            self.abort()
            if isinstance(error, DecodingError):
                raise _undecodable(error) from error
            if isinstance(error, BREAKING):
                raise fault_of(error) from error
            raise

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
        """Open a pool; no connection is made yet."""
        self._pooled = _session(Pool(keepalive_timeout=KEEPALIVE))
        self._fresh = _session(Pool(force_close=True))

    async def send(
        self, request: UpstreamRequest, *, fresh: bool = False
    ) -> HttpAnswer:
        """Return once headers arrived; raise UpstreamError otherwise."""
        session = self._fresh if fresh else self._pooled
        if session.closed:
            raise UpstreamError(FaultKind.CONNECT, "Faregate is stopping", sent=False)
        url = _url(request.url)
        with sending(request.departure) as noted:
            try:
                response = await session.request(
                    request.method,
                    url,
                    data=request.body if request.method != "GET" else None,
                    headers=request.headers,
                    allow_redirects=False,
                )
            except BREAKING as error:
                raise fault_of(
                    error, reused=noted.reused, untouched=noted.untouched()
                ) from error
        try:
            return HttpAnswer(response)
        except DecodingError as error:
            response.close()
            raise _undecodable(error) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._pooled.close()
        await self._fresh.close()


def _url(text: str) -> URL:
    try:
        return URL(text, encoded=True)
    except ValueError as error:
        words = "its base_url is not a valid URL"
        raise UpstreamError(FaultKind.CONNECT, words, sent=False) from error


def _session(pool: Pool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=pool,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(
            total=None, connect=None, sock_connect=CONNECT_TIMEOUT, sock_read=None
        ),
        read_bufsize=READ_CHUNK,
        skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
    )


def _undecodable(error: DecodingError) -> UpstreamError:
    return UpstreamError(FaultKind.MALFORMED, str(error), sent=True)


async def _decoded(
    content: aiohttp.StreamReader, decoder: BoundedDecoder
) -> AsyncIterator[bytes]:
    async for chunk in content.iter_any():
        for number, piece in enumerate(decoder.pieces(chunk)):
            if number:
                # A little that decodes to much must not keep the loop to itself.
                await asyncio.sleep(0)
            yield piece
    decoder.finish()


def _clean(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Leave out headers that no client can be sent: controls, broken UTF-8."""
    if all(map(str.isprintable, headers.values())):
        return headers
    return CIMultiDict(
        (name, value.replace("\t", " "))
        for name, value in headers.items()
        if value.isprintable() or not _UNSENDABLE.search(value)
    )

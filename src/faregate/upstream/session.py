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

from faregate.core.faults import FaultKind, UpstreamError
from faregate.protocols.content_encoding import DecodingError, decoder_for
from faregate.upstream.errors import BREAKING, fault_of
from faregate.upstream.evidence import Witness
from faregate.upstream.plain_request import NO_TIMER, PlainRequest, url_of
from faregate.upstream.pool import Line, Pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiohttp.connector import Connection
    from yarl import URL

    from faregate.core.attempts import Departure, UpstreamRequest
    from faregate.protocols.content_encoding import BoundedDecoder

CONNECT_TIMEOUT = 10.0
KEEPALIVE = 15.0
"""Seconds an idle connection is kept: below what providers' own servers keep."""
READ_CHUNK = 64 * 1024
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_TIMEOUT = aiohttp.ClientTimeout(
    total=None, connect=None, sock_connect=CONNECT_TIMEOUT, sock_read=None
)
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
        read = self._response.content.readany
        decoder = self._decoder
        try:
            if decoder is None:
                while chunk := await read():
                    yield chunk
            else:
                async for chunk in _decoded(self._response.content, decoder):
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
        self._pooled = Pool(keepalive_timeout=KEEPALIVE)
        self._fresh = Pool(force_close=True)
        self._loop = asyncio.get_running_loop()

    async def send(
        self, request: UpstreamRequest, *, fresh: bool = False
    ) -> HttpAnswer:
        """Return once headers arrived; raise UpstreamError otherwise."""
        pool = self._fresh if fresh else self._pooled
        if pool.closed:
            raise UpstreamError(FaultKind.CONNECT, "Faregate is stopping", sent=False)
        plain = PlainRequest(
            request.method,
            _url(request.url),
            request.headers,
            request.body,
            self._loop,
        )
        line = await self._connect(plain, pool, request.departure)
        response = await _answered(plain, line)
        try:
            return HttpAnswer(response)
        except DecodingError as error:
            response.close()
            raise _undecodable(error) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._pooled.close()
        await self._fresh.close()

    async def _connect(
        self, plain: PlainRequest, pool: Pool, departure: Departure
    ) -> Connection:
        departure.connecting = True
        try:
            connection = await pool.connect(plain, [], _TIMEOUT)
        except TimeoutError as error:
            words = "connecting took too long"
            raise UpstreamError(FaultKind.TIMEOUT, words, sent=False) from error
        except BREAKING as error:
            # Whatever it was, there is no connection that a byte could have taken.
            raise fault_of(error, untouched=True) from error
        departure.connecting = False
        return connection


async def _answered(
    plain: PlainRequest, connection: Connection
) -> aiohttp.ClientResponse:
    """Send a request and return its answer once the headers are there."""
    line = connection.protocol
    if not isinstance(line, Line):
        raise TypeError("the pool made a connection of another kind")
    reused, line.used = line.used, True
    witness = Witness.of(line.transport)
    response = None
    try:
        line.set_response_params(
            timer=NO_TIMER,
            skip_payload=False,
            read_until_eof=True,
            auto_decompress=False,
            read_bufsize=READ_CHUNK,
        )
        response = await plain.send(connection)
        await response.start(connection)
    except BaseException as error:
        if response is not None:
            response.close()
        connection.close()
        if isinstance(error, BREAKING):
            untouched = witness is not None and witness.untouched()
            raise fault_of(error, reused=reused, untouched=untouched) from error
        raise
    finally:
        if witness is not None:
            witness.close()
    return response


def _url(text: str) -> URL:
    try:
        return url_of(text)
    except ValueError as error:
        words = "its base_url is not a valid URL"
        raise UpstreamError(FaultKind.CONNECT, words, sent=False) from error


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

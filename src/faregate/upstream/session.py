"""One pooled HTTP client for all providers.

Follows no redirect, keeps no cookie, trusts no proxy variable and asks for no
compression, so that bytes can pass as they come.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from faregate.core.faults import FaultKind, UpstreamError
from faregate.protocols.content_encoding import DecodingError, decoder_for
from faregate.upstream.destination import Destination, destination_of
from faregate.upstream.errors import BREAKING, fault_of
from faregate.upstream.pool import Pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from faregate.core.attempts import Departure, UpstreamRequest
    from faregate.protocols.content_encoding import BoundedDecoder
    from faregate.upstream.line import Into, Line

_TOGETHER = 64 * 1024
"""Most bytes of a body that are copied to leave with their head."""
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
DECODED_LIMIT = 256 * 1024 * 1024
"""Most bytes that one compressed answer may decode to."""


class HttpAnswer:
    """A provider's answer whose headers have arrived."""

    def __init__(self, line: Line, pool: Pool, destination: Destination) -> None:
        """Take an answer over; raises DecodingError for an unknown encoding."""
        self._line: Line | None = line
        self._pool = pool
        self._origin = destination.origin
        self.status = line.status
        self.headers = _clean(line.headers)
        """Names in lower case; what was sent twice is one list."""
        encoding = line.headers.get("content-encoding")
        self._decoder: BoundedDecoder | None = None
        if encoding is not None:
            self._decoder = decoder_for(encoding, DECODED_LIMIT)

    async def pour(self, into: Into) -> None:
        """Give `into` the body, decoded, as it arrives, and await what it returns.

        Raises UpstreamError for a body that breaks, and what `into` raises; the
        connection is closed then.
        """
        line = self._line
        if line is None:
            return
        try:
            if self._decoder is None:
                await line.pour(into)
            else:
                async for chunk in _pieces(line, self._decoder):
                    wait = into(chunk)
                    if wait is not None:
                        await wait()
        except BaseException as error:
            self._broke(line, error)
            raise
        self.release()

    def arrived(self) -> bytes | None:
        """Return the whole body where all of it is here and needs no decoding."""
        line = self._line
        if line is None or self._decoder is not None:
            return None
        body = line.arrived()
        if body is not None:
            self.release()
        return body

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield body bytes, decoded, as they arrive."""
        line = self._line
        if line is None:
            return
        try:
            async for chunk in _pieces(line, self._decoder):
                yield chunk
        except BaseException as error:
            self._broke(line, error)
            raise
        self.release()

    async def read(self, limit: int) -> bytes:
        """Return the whole body, decoded; raise UpstreamError beyond `limit`."""
        parts: list[bytes] = []
        size = 0

        def keep(chunk: bytes) -> None:
            nonlocal size
            size += len(chunk)
            if size > limit:
                raise UpstreamError(
                    FaultKind.TOO_LARGE,
                    f"its answer is larger than {limit} bytes",
                    sent=True,
                )
            parts.append(chunk)

        await self.pour(keep)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def abort(self) -> None:
        """Close the connection, so that the provider stops."""
        line, self._line = self._line, None
        if line is not None:
            line.abort()

    def release(self) -> None:
        """Hand the connection back to the pool."""
        line, self._line = self._line, None
        if line is not None:
            self._pool.give_back(line, self._origin)

    def _broke(self, line: Line, error: BaseException) -> None:
        """Close the connection, and raise the fault where it is the provider's."""
        # Whoever is cancelled here has no further use for the connection.
        self.abort()
        if isinstance(error, DecodingError):
            raise _undecodable(error) from error
        if error is line.broke and isinstance(error, BREAKING):
            raise fault_of(error) from error


class HttpUpstream:
    """Sends attempts; open it inside a running loop, close it once."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        """Open a pool; no connection is made yet. `elapsed` counts sleep."""
        self._pool = Pool(elapsed)

    @property
    def idle(self) -> int:
        """Return how many connections wait for a request."""
        return self._pool.idle

    async def send(
        self, request: UpstreamRequest, *, fresh: bool = False
    ) -> HttpAnswer:
        """Return once headers arrived; raise UpstreamError otherwise."""
        pool = self._pool
        if pool.closed:
            raise UpstreamError(FaultKind.CONNECT, "Faregate is stopping", sent=False)
        destination = _destination(request.url)
        data = _bytes_of(request, destination, fresh=fresh)
        line = None if fresh else pool.take(destination.origin)
        if line is None:
            line = await self._connect(destination, request.departure)
        line.once = fresh
        reused, line.used = line.used, True
        try:
            line.send(data)
            await line.head()
            return HttpAnswer(line, pool, destination)
        except BaseException as error:
            line.abort()
            if isinstance(error, DecodingError):
                raise _undecodable(error) from error
            if isinstance(error, BREAKING):
                raise fault_of(
                    error, reused=reused, untouched=line.untouched
                ) from error
            raise

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def _connect(self, destination: Destination, departure: Departure) -> Line:
        departure.connecting = True
        try:
            line = await self._pool.open(destination)
        except TimeoutError as error:
            words = "connecting took too long"
            raise UpstreamError(FaultKind.TIMEOUT, words, sent=False) from error
        except BREAKING as error:
            # Whatever it was, there is no connection that a byte could have taken.
            raise fault_of(error, untouched=True) from error
        departure.connecting = False
        return line


def _destination(text: str) -> Destination:
    try:
        return destination_of(text)
    except ValueError as error:
        words = "its base_url is not a valid URL"
        raise UpstreamError(FaultKind.CONNECT, words, sent=False) from error


def _bytes_of(
    request: UpstreamRequest, destination: Destination, *, fresh: bool
) -> list[bytes]:
    """Return a request as it is sent, in as few pieces as is cheap."""
    body = b"" if request.method == "GET" else request.body
    length = None if request.method == "GET" else len(body)
    try:
        head = destination.head(request.method, request.headers, length, last=fresh)
    except ValueError as error:
        raise fault_of(error, untouched=True) from error
    return [head + body] if len(body) <= _TOGETHER else [head, body]


def _undecodable(error: DecodingError) -> UpstreamError:
    return UpstreamError(FaultKind.MALFORMED, str(error), sent=True)


async def _pieces(line: Line, decoder: BoundedDecoder | None) -> AsyncIterator[bytes]:
    """Yield what arrives; a little that decodes to much lets others run between."""
    while await line.more():
        if decoder is None:
            yield line.taken()
            continue
        for number, piece in enumerate(decoder.pieces(line.taken())):
            if number:
                await asyncio.sleep(0)
            yield piece
    if decoder is not None:
        decoder.finish()


def _clean(headers: dict[str, str]) -> Mapping[str, str]:
    """Leave out headers that no client can be sent: controls, broken UTF-8."""
    if "".join(headers.values()).isprintable():
        return headers
    return {
        name: value.replace("\t", " ")
        for name, value in headers.items()
        if value.isprintable() or not _UNSENDABLE.search(value)
    }

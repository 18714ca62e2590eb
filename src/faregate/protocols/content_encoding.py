"""Bounded decoding of compressed bodies: gzip, deflate, zstd, brotli.

Never holds more decoded bytes than allowed: a small bomb must not become a large
one in memory. Nested or unknown encodings are refused, not passed on.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STEP = 1024 * 1024
"""Most bytes that one call into a codec may produce."""

_MOST_MEMBERS = 1000
"""Most members of one body: each costs time, however few bytes it holds."""

_ZSTD_WINDOW_LOG = 23
"""The 8 MB that a zstd body may ask for in HTTP; a frame can claim gigabytes."""


class DecodingError(Exception):
    """The body is not what its content-encoding says, or is too large."""


class UnknownEncodingError(DecodingError):
    """No decoder exists for the content-encoding."""


class TooLargeError(DecodingError):
    """The decoded body passes the allowed size."""


class _Stream(Protocol):
    """One member of a body: gzip and zstd bodies may have several in a row."""

    @property
    def eof(self) -> bool: ...

    @property
    def rest(self) -> bytes: ...

    def take(self, data: bytes) -> bytes: ...

    def pending(self) -> bool: ...


class _Zlib:
    def __init__(self, window_bits: int) -> None:
        self._inner = zlib.decompressobj(window_bits)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def rest(self) -> bytes:
        return self._inner.unused_data

    def take(self, data: bytes) -> bytes:
        part = self._inner.decompress(self._inner.unconsumed_tail + data, _STEP)
        self._full = len(part) == _STEP
        return part

    def pending(self) -> bool:
        # With its output full, zlib may keep the end of a match for the next call.
        left = self._full or bool(self._inner.unconsumed_tail)
        return left and not self._inner.eof


class _Deflate(_Zlib):
    """Deflate with the zlib header that HTTP asks for, or bare as many send it."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        self._began = False

    def take(self, data: bytes) -> bytes:
        if data and not self._began:
            self._began = True
            # No bare stream begins with these four bits, every zlib header does.
            if data[0] & 0x0F != zlib.DEFLATED:
                self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
        return super().take(data)


class _Zstd:
    def __init__(self) -> None:
        # Loaded with the first such body: most proxies never see one.
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        limit = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG}
        self._inner = zstd.ZstdDecompressor(options=limit)
        self._error = zstd.ZstdError

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def rest(self) -> bytes:
        return self._inner.unused_data

    def take(self, data: bytes) -> bytes:
        try:
            return self._inner.decompress(data, _STEP)
        except self._error as error:
            raise DecodingError("the body is not valid zstd") from error

    def pending(self) -> bool:
        return not self._inner.eof and not self._inner.needs_input


class _Brotli:
    rest = b""
    """Bytes after the end are an error of the codec's own."""

    def __init__(self) -> None:
        try:
            import brotli  # type: ignore[import-untyped]
        except ImportError as error:
            raise UnknownEncodingError("brotli bodies cannot be decoded") from error
        self._inner = brotli.Decompressor()
        self._error = brotli.error
        self._dry = True

    @property
    def eof(self) -> bool:
        return bool(self._inner.is_finished())

    def take(self, data: bytes) -> bytes:
        try:
            part = bytes(self._inner.process(data, output_buffer_limit=_STEP))
        except self._error as error:
            raise DecodingError("the body is not valid brotli") from error
        self._dry = not part
        return part

    def pending(self) -> bool:
        # It accepts more input before its output is all out: only silence tells.
        return not self.eof and not self._dry


class BoundedDecoder:
    """Decodes one body piece by piece, up to `limit` bytes in all."""

    def __init__(
        self, make: Callable[[], _Stream], name: str, limit: int, *, members: int = 1
    ) -> None:
        self._make = make
        self._stream = make()
        self._name = name
        self._limit = limit
        self._size = 0
        self._members_left = members - 1
        self._began = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to, about 1 MB at a time; raise DecodingError."""
        while data:
            self._began = True
            if self._stream.eof:
                self._next_member()
            try:
                yield from self._drained(data)
            except zlib.error as error:
                raise DecodingError(f"the body is not valid {self._name}") from error
            data = self._stream.rest if self._stream.eof else b""

    def finish(self) -> None:
        """Check that the body was whole; raise DecodingError when it was not.

        A body of no bytes at all is whole: answers without one carry the header too.
        """
        if self._began and not self._stream.eof:
            raise DecodingError(f"the {self._name} body is cut short")

    def _drained(self, data: bytes) -> Iterator[bytes]:
        part = self._stream.take(data)
        while True:
            self._size += len(part)
            if self._size > self._limit:
                raise TooLargeError(
                    f"the body decodes to more than {self._limit} bytes"
                )
            if part:
                yield part
            if not self._stream.pending():
                return
            part = self._stream.take(b"")

    def _next_member(self) -> None:
        if not self._members_left:
            raise DecodingError(f"bytes follow the end of the {self._name} body")
        self._members_left -= 1
        self._stream = self._make()


def _gzip() -> _Stream:
    return _Zlib(16 + zlib.MAX_WBITS)


def decoder_for(encoding: str, limit: int) -> BoundedDecoder | None:
    """Return a decoder for a content-encoding value; None for identity."""
    name = encoding.strip().lower()
    match name:
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return BoundedDecoder(_gzip, "gzip", limit, members=_MOST_MEMBERS)
        case "deflate":
            return BoundedDecoder(_Deflate, "deflate", limit)
        case "zstd":
            return BoundedDecoder(_Zstd, "zstd", limit, members=_MOST_MEMBERS)
        case "br":
            return BoundedDecoder(_Brotli, "brotli", limit)
        case _:
            raise UnknownEncodingError(
                f"content-encoding {name[:40]!r} cannot be decoded; send gzip, "
                "deflate, zstd or br, one at a time"
            )


def decode(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a whole decoded body; raise DecodingError."""
    decoder = decoder_for(encoding, limit)
    if decoder is None:
        return body
    decoded = b"".join(decoder.pieces(body))
    decoder.finish()
    return decoded

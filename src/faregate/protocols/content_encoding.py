"""Bounded decoding of compressed bodies: gzip, deflate, zstd, brotli.

Never holds more decoded bytes than allowed: a small bomb must not become a large
one in memory. Nested or unknown encodings are refused, not passed on.
"""

from __future__ import annotations

import sys
import zlib
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_STEP = 1024 * 1024
"""Most bytes that one call into a codec may produce."""


class DecodingError(Exception):
    """The body is not what its content-encoding says, or is too large."""


class UnknownEncodingError(DecodingError):
    """No decoder exists for the content-encoding."""


class TooLargeError(DecodingError):
    """The decoded body passes the allowed size."""


class _Stream(Protocol):
    eof: bool

    def take(self, data: bytes) -> bytes: ...

    def pending(self) -> bool: ...


class _Zlib:
    def __init__(self, window_bits: int) -> None:
        self._inner = zlib.decompressobj(window_bits)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    def take(self, data: bytes) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, _STEP)

    def pending(self) -> bool:
        return bool(self._inner.unconsumed_tail) and not self._inner.eof


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstd.ZstdDecompressor()

    @property
    def eof(self) -> bool:
        return self._inner.eof

    def take(self, data: bytes) -> bytes:
        if self._inner.eof:
            if data.strip(b"\0"):
                raise DecodingError("bytes follow the end of the zstd frame")
            return b""
        return self._inner.decompress(data, _STEP)

    def pending(self) -> bool:
        return not self._inner.eof and not self._inner.needs_input


class _Brotli:
    def __init__(self) -> None:
        try:
            import brotli
        except ImportError as error:
            raise UnknownEncodingError("brotli bodies cannot be decoded") from error
        self._inner = brotli.Decompressor()
        self._error = brotli.error

    @property
    def eof(self) -> bool:
        return bool(self._inner.is_finished())

    def take(self, data: bytes) -> bytes:
        try:
            return bytes(self._inner.process(data, output_buffer_limit=_STEP))
        except self._error as error:
            raise DecodingError("the body is not valid brotli") from error

    def pending(self) -> bool:
        return not self.eof and not self._inner.can_accept_more_data()


class BoundedDecoder:
    """Decodes one body piece by piece, up to `limit` bytes in all."""

    def __init__(self, stream: _Stream, name: str, limit: int) -> None:
        self._stream = stream
        self._name = name
        self._limit = limit
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        """Return what `data` decodes to; raise DecodingError."""
        parts = []
        try:
            part = self._stream.take(data)
            while True:
                self._size += len(part)
                if self._size > self._limit:
                    raise TooLargeError(
                        f"the body decodes to more than {self._limit} bytes"
                    )
                parts.append(part)
                if not self._stream.pending():
                    break
                part = self._stream.take(b"")
        except (zlib.error, zstd.ZstdError) as error:
            raise DecodingError(f"the body is not valid {self._name}") from error
        return b"".join(parts)

    def finish(self) -> bytes:
        """Check that the body was whole; raise DecodingError when it was not."""
        if not self._stream.eof:
            raise DecodingError(f"the {self._name} body is cut short")
        return b""


def decoder_for(encoding: str, limit: int) -> BoundedDecoder | None:
    """Return a decoder for a content-encoding value; None for identity."""
    name = encoding.strip().lower()
    match name:
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return BoundedDecoder(_Zlib(16 + zlib.MAX_WBITS), "gzip", limit)
        case "deflate":
            return BoundedDecoder(_Zlib(zlib.MAX_WBITS), "deflate", limit)
        case "zstd":
            return BoundedDecoder(_Zstd(), "zstd", limit)
        case "br":
            return BoundedDecoder(_Brotli(), "brotli", limit)
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
    return decoder.feed(body) + decoder.finish()

"""Reads a request body once, bounded in size and time, and decodes it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.content_encoding import (
    DecodingError,
    TooLargeError,
    UnknownEncodingError,
    decode,
)

if TYPE_CHECKING:
    from aiohttp import StreamReader

BODY_LIMIT = 32 * 1024 * 1024
"""Most bytes of a body, both as sent and decoded."""
BODY_TIMEOUT = 60.0
"""Seconds for the whole body to arrive."""
ON_LOOP = 1024 * 1024
"""Most bytes that a body may decode to before a thread takes over."""


async def read_body(request: web.BaseRequest) -> bytes | Refusal:
    """Return the decoded body, or why it cannot be taken."""
    length = request.content_length
    if length is not None and length > BODY_LIMIT:
        return _too_large()
    unexpected = _answer_expectation(request)
    if unexpected is not None:
        return unexpected
    content = request.content
    body: bytes | Refusal
    if content.is_eof():
        # A chunked body may have come whole and be too large all the same.
        body = content.read_nowait(-1)
        if len(body) > BODY_LIMIT:
            return _too_large()
    else:
        body = await _arrived(content)
        if isinstance(body, Refusal):
            return body
    encoding = request.headers.get("content-encoding")
    return body if encoding is None else await _decoded(body, encoding)


def _answer_expectation(request: web.BaseRequest) -> Refusal | None:
    """Ask a client that waits for leave to send its body to send it."""
    expected = request.headers.get("expect")
    if expected is None:
        return None
    if expected.strip().lower() != "100-continue":
        return Refusal(
            code=RefusalCode.EXPECTATION_FAILED,
            message="Only Expect: 100-continue is understood",
        )
    waits = request.version >= (1, 1) and not request.content.is_eof()
    if waits and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return None


async def _arrived(content: StreamReader) -> bytes | Refusal:
    """Collect a body that is still on its way."""
    parts = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            while chunk := await content.readany():
                size += len(chunk)
                if size > BODY_LIMIT:
                    return _too_large()
                parts.append(chunk)
    except TimeoutError:
        return Refusal(
            code=RefusalCode.REQUEST_TIMEOUT,
            message=f"The request body took longer than {BODY_TIMEOUT:.0f} s",
        )
    except (web.RequestPayloadError, ConnectionError):
        return Refusal(
            code=RefusalCode.BAD_REQUEST,
            message="The request body is not framed as HTTP wants it",
        )
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _decoded(body: bytes, encoding: str) -> bytes | Refusal:
    try:
        try:
            return decode(body, encoding, ON_LOOP)
        except TooLargeError:
            # A few bytes can decode to many: their number says nothing about the time.
            return await asyncio.to_thread(decode, body, encoding, BODY_LIMIT)
    except UnknownEncodingError as error:
        return Refusal(code=RefusalCode.UNSUPPORTED_MEDIA_TYPE, message=str(error))
    except TooLargeError:
        return _too_large()
    except DecodingError as error:
        return Refusal(code=RefusalCode.BAD_REQUEST, message=str(error))


def _too_large() -> Refusal:
    return Refusal(
        code=RefusalCode.TOO_LARGE,
        message=f"The request body is larger than {BODY_LIMIT // 1024 // 1024} MB",
    )

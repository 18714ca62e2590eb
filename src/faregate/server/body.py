"""Reads a request body once, bounded in size and time, and decodes it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.content_encoding import (
    DecodingError,
    TooLargeError,
    UnknownEncodingError,
    decode,
)

if TYPE_CHECKING:
    from aiohttp import StreamReader, web

BODY_LIMIT = 32 * 1024 * 1024
BODY_TIMEOUT = 60.0
OFF_LOOP = 1024 * 1024
"""Compressed bodies beyond this are decoded in a thread."""


async def read_body(request: web.BaseRequest) -> bytes | Refusal:
    """Return the decoded body, or why it cannot be taken."""
    length = request.content_length
    if length is not None and length > BODY_LIMIT:
        return _too_large()
    if request.headers.get("expect", "").lower() == "100-continue":
        if not request.content.is_eof() and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    elif "expect" in request.headers:
        return Refusal(
            code=RefusalCode.EXPECTATION_FAILED,
            message="Only Expect: 100-continue is understood",
        )
    content = request.content
    if content.is_eof():
        body = content.read_nowait(-1)
    else:
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                read = await _read(content)
        except TimeoutError:
            return Refusal(
                code=RefusalCode.REQUEST_TIMEOUT,
                message=f"The request body took longer than {BODY_TIMEOUT:.0f} s",
            )
        if read is None:
            return _too_large()
        body = read
    return await _decoded(body, request.headers.get("content-encoding"))


async def _read(content: StreamReader) -> bytes | None:
    parts = []
    size = 0
    while chunk := await content.readany():
        size += len(chunk)
        if size > BODY_LIMIT:
            return None
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _decoded(body: bytes, encoding: str | None) -> bytes | Refusal:
    if encoding is None:
        return body
    try:
        if len(body) > OFF_LOOP:
            return await asyncio.to_thread(decode, body, encoding, BODY_LIMIT)
        return decode(body, encoding, BODY_LIMIT)
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

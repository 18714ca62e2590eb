"""Request bodies: how large they may be, how long they may take, and their encoding."""

from __future__ import annotations

import asyncio

from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.content_encoding import (
    DecodingError,
    TooLargeError,
    UnknownEncodingError,
    decode,
)

BODY_LIMIT = 32 * 1024 * 1024
"""Most bytes of a body, both as sent and decoded."""
BODY_TIMEOUT = 60.0
"""Seconds for the whole body to arrive."""
ON_LOOP = 1024 * 1024
"""Most bytes that a body may decode to before a thread takes over."""


async def decoded(body: bytes, encoding: str) -> bytes | Refusal:
    """Return the decoded body, or why it cannot be taken."""
    try:
        try:
            return decode(body, encoding, ON_LOOP)
        except TooLargeError:
            # A few bytes can decode to many: their number says nothing about the time.
            return await asyncio.to_thread(decode, body, encoding, BODY_LIMIT)
    except UnknownEncodingError as error:
        return Refusal(code=RefusalCode.UNSUPPORTED_MEDIA_TYPE, message=str(error))
    except TooLargeError:
        return too_large()
    except DecodingError as error:
        return Refusal(code=RefusalCode.BAD_REQUEST, message=str(error))


def expectation_failed(expected: str) -> Refusal | None:
    """Return the refusal of what a client expects, None where it may be met."""
    if expected.strip().lower() == "100-continue":
        return None
    return Refusal(
        code=RefusalCode.EXPECTATION_FAILED,
        message="Only Expect: 100-continue is understood",
    )


def too_large() -> Refusal:
    """Return the refusal of a body beyond the limit."""
    return Refusal(
        code=RefusalCode.TOO_LARGE,
        message=f"The request body is larger than {BODY_LIMIT // 1024 // 1024} MB",
    )


def too_slow() -> Refusal:
    """Return the refusal of a body that does not come."""
    return Refusal(
        code=RefusalCode.REQUEST_TIMEOUT,
        message=f"The request body took longer than {BODY_TIMEOUT:.0f} s",
    )


def badly_framed() -> Refusal:
    """Return the refusal of a body that does not end as HTTP wants it."""
    return Refusal(
        code=RefusalCode.BAD_REQUEST,
        message="The request body is not framed as HTTP wants it",
    )

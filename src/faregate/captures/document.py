"""One captured request as the bytes of a file.

A short head that lists can read alone, then everything, compressed. Knows no folder.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import msgspec

from faregate.core.captured import CapturedRequest

_MAGIC = b"faregate-capture 1\n"
_LENGTH = struct.Struct(">I")
LONGEST_HEAD = 64 * 1024
LARGEST = 1024 * 1024 * 1024
"""Bytes that one file may unpack to; what claims more is none of ours."""
_QUICK = 1


class CaptureFileError(Exception):
    """A file is no capture of this version, or it is damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureHead:
    """What a list shows of a captured request."""

    id: str
    session: str
    root_session: str
    workspace: str | None
    received_ms: int
    method: str
    path: str
    status: int | None
    attempts: int
    body_bytes: int
    answer_bytes: int


def head_of(request: CapturedRequest) -> CaptureHead:
    """Return the head of a request."""
    answers = [each.answer.length for each in request.attempts if each.answer]
    return CaptureHead(
        id=request.id,
        session=request.session,
        root_session=request.root_session,
        workspace=request.workspace,
        received_ms=request.received_ms,
        method=request.method,
        path=request.path[:2000],
        status=None if request.reply is None else request.reply.status,
        attempts=len(request.attempts),
        body_bytes=request.body.length,
        answer_bytes=sum(answers),
    )


def encode(request: CapturedRequest) -> bytes:
    """Return the file of a request."""
    head = msgspec.msgpack.encode(head_of(request))
    body = zlib.compress(msgspec.msgpack.encode(request), _QUICK)
    return _MAGIC + _LENGTH.pack(len(head)) + head + body


def read_head(beginning: bytes) -> CaptureHead:
    """Return the head from a file's beginning; raises CaptureFileError."""
    head, _ = _split(beginning)
    try:
        return msgspec.msgpack.decode(head, type=CaptureHead)
    except msgspec.MsgspecError as error:
        raise CaptureFileError("its head is damaged") from error


def decode(content: bytes) -> CapturedRequest:
    """Return the request of a whole file; raises CaptureFileError."""
    _, packed = _split(content)
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(packed, LARGEST)
        if not unpacker.eof:
            raise CaptureFileError("it is cut off")
        return msgspec.msgpack.decode(body, type=CapturedRequest)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise CaptureFileError("it is damaged") from error


def _split(content: bytes) -> tuple[bytes, bytes]:
    start = len(_MAGIC) + _LENGTH.size
    if not content.startswith(_MAGIC) or len(content) < start:
        raise CaptureFileError("it is no capture of this version")
    (length,) = _LENGTH.unpack_from(content, len(_MAGIC))
    if length > LONGEST_HEAD or len(content) < start + length:
        raise CaptureFileError("its head is damaged")
    return content[start : start + length], content[start + length :]

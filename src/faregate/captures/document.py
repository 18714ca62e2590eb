"""One captured request as the bytes of a file.

A short head that lists can read alone, then everything, compressed. Knows no folder.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import msgspec

from faregate.core.captured import CapturedAttempt, CapturedRequest
from faregate.core.values import dataclass

_MAGIC = b"faregate-capture 1\n"
_LENGTH = struct.Struct(">I")
LONGEST_HEAD = 64 * 1024
LARGEST = 1024 * 1024 * 1024
"""Bytes that one file may unpack to; what claims more is none of ours."""
_QUICK = 1
_Shared = list[tuple[int, int]]
"""For each attempt how many first and last bytes of its body are the client's."""
_DECODER = msgspec.msgpack.Decoder(tuple[CapturedRequest, _Shared])


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
    body = zlib.compress(msgspec.msgpack.encode(_packed(request)), _QUICK)
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
        return _unpacked(*_DECODER.decode(body))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise CaptureFileError("it is damaged") from error


def _packed(request: CapturedRequest) -> tuple[CapturedRequest, _Shared]:
    """Leave out of what was sent what is the client's own."""
    own = request.body.data
    attempts: list[CapturedAttempt] = []
    shared: _Shared = []
    for each in request.attempts:
        if each.body is None:
            attempts.append(each)
            shared.append((0, 0))
            continue
        data = each.body.data
        first = _alike(own, data)
        last = _alike(own[first:][::-1], data[first:][::-1])
        middle = data[first : len(data) - last]
        attempts.append(replace(each, body=replace(each.body, data=middle)))
        shared.append((first, last))
    return replace(request, attempts=tuple(attempts)), shared


def _unpacked(packed: CapturedRequest, shared: _Shared) -> CapturedRequest:
    own = packed.body.data
    attempts: list[CapturedAttempt] = []
    for each, (first, last) in zip(packed.attempts, shared, strict=False):
        body = each.body
        if body is not None and (first or last):
            data = own[:first] + body.data + own[len(own) - last :]
            attempts.append(replace(each, body=replace(body, data=data)))
        else:
            attempts.append(each)
    return replace(packed, attempts=tuple(attempts))


def _alike(one: bytes, other: bytes) -> int:
    """Return how many first bytes are the same; whole slices are compared at once."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _split(content: bytes) -> tuple[bytes, bytes]:
    start = len(_MAGIC) + _LENGTH.size
    if not content.startswith(_MAGIC) or len(content) < start:
        raise CaptureFileError("it is no capture of this version")
    (length,) = _LENGTH.unpack_from(content, len(_MAGIC))
    if length > LONGEST_HEAD or len(content) < start + length:
        raise CaptureFileError("its head is damaged")
    return content[start : start + length], content[start + length :]

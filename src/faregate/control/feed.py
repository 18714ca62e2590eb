"""The live feed of the control API: a snapshot, then deltas, as JSON lines.

Owns the form of a feed line and the asynchronous client. It must not retry: who
listens decides when to come back.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.control.models import Delta, FeedMessage, Snapshot, VersionInfo
from faregate.control.wire import (
    MAX_HEAD,
    Head,
    check_version,
    parse_head,
    problem,
    request_bytes,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

MAX_LINE = 16 * 1024 * 1024
"""Bytes of one feed line; a thousand sessions take about one."""

ANSWER_WITHIN_S = 5.0

QUIET_S = 15.0
"""Seconds of silence after which the proxy is asked whether it is still there."""


class FeedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the feed: exactly one of the two is there."""

    snapshot: Snapshot | None = None
    delta: Delta | None = None


_DECODER = msgspec.json.Decoder(FeedLine)
_ENCODER = msgspec.json.Encoder()


def encode_feed(message: FeedMessage) -> bytes:
    """Return the feed line of `message`, with its line break."""
    if isinstance(message, Snapshot):
        return _ENCODER.encode(FeedLine(snapshot=message)) + b"\n"
    return _ENCODER.encode(FeedLine(delta=message)) + b"\n"


def decode_feed(line: bytes) -> FeedMessage | None:
    """Return the message of a feed line; None for a line of a kind we do not know.

    Raises ControlError for a line of another shape.
    """
    try:
        told = _DECODER.decode(line)
    except msgspec.MsgspecError as error:
        raise unreadable() from error
    return told.snapshot or told.delta


async def fetch_version(socket_path: Path) -> VersionInfo:
    """Ask who listens; also the cheap way to see whether a proxy is alive.

    Raises ProxyNotRunning, or ControlError when nothing sensible answers in time.
    """
    async with _opened(socket_path, "/v1/version") as (head, reader):
        body = await _body(reader)
    if head.status >= 300:
        raise problem(head.status, body)
    try:
        return msgspec.json.decode(body, type=VersionInfo)
    except msgspec.MsgspecError as error:
        raise unreadable() from error


async def feed(socket_path: Path) -> AsyncGenerator[FeedMessage, None]:
    """Yield what the proxy publishes until it closes the connection.

    The first message is a Snapshot. Raises ProxyNotRunning when nobody listens and
    ControlError on another control version, a refusal, or a broken line.
    """
    check_version(await fetch_version(socket_path))
    async with _opened(socket_path, "/v1/feed") as (head, reader):
        if head.status >= 300:
            raise problem(head.status, await _body(reader))
        while line := await _line(reader, socket_path):
            message = decode_feed(line)
            if message is not None:
                yield message


async def _body(reader: asyncio.StreamReader) -> bytes:
    """Read a short answer to its end; what is beyond MAX_HEAD is cut off."""
    body = b""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            while len(body) < MAX_HEAD and (chunk := await reader.read(MAX_HEAD)):
                body += chunk
    except TimeoutError as error:
        raise _silent() from error
    except OSError as error:
        raise ControlError("cut_answer", "the proxy closed the connection") from error
    return body


async def _line(reader: asyncio.StreamReader, socket_path: Path) -> bytes:
    """Return the next line, b"" at the end; a stopped proxy is noticed in silence."""
    while True:
        try:
            async with asyncio.timeout(QUIET_S):
                return await reader.readuntil(b"\n")
        except TimeoutError:
            await fetch_version(socket_path)
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                return b""
            raise ControlError("cut_feed", "the proxy stopped inside a line") from error
        except asyncio.LimitOverrunError as error:
            raise ControlError("too_long", "a line of the feed is too long") from error
        except OSError as error:
            raise ControlError("cut_feed", "the connection broke") from error


@asynccontextmanager
async def _opened(
    socket_path: Path, path: str
) -> AsyncIterator[tuple[Head, asyncio.StreamReader]]:
    """Send one GET and hand over the answer's head and its unread body."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(
                str(socket_path), limit=MAX_LINE
            )
    except TimeoutError as error:
        raise _silent() from error
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise ProxyNotRunning from error
    except OSError as error:
        raise ControlError(
            "unreachable", f"{socket_path}: {error.strerror or error}"
        ) from error
    try:
        yield await _ask(reader, writer, path), reader
    finally:
        writer.close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
) -> Head:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            writer.write(request_bytes("GET", path))
            await writer.drain()
            return parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
    except TimeoutError as error:
        raise _silent() from error
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
        raise ControlError("cut_answer", "the proxy closed the connection") from error


def _silent() -> ControlError:
    return ControlError(
        "timeout", f"the proxy did not answer within {ANSWER_WITHIN_S:g} s"
    )

"""Bodies that are no answer: pages, redirects, bombs, garbage, no end."""

from __future__ import annotations

import gzip
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from faregate.smoke.simulated.delivery import (
    EVENT_STREAM,
    body_bytes,
    open_stream,
    send,
    stream_parts,
)
from faregate.smoke.simulated.fault import Charge, Fault, Framing
from faregate.smoke.simulated.frames import FrameKind

if TYPE_CHECKING:
    from faregate.smoke.simulated.exchange import Exchange

MEGABYTE = 1024 * 1024
_PAGE = (
    b"<!DOCTYPE html><html><body><h1>Please log in to the network</h1></body></html>"
)
_GZIP = {"Content-Encoding": "gzip"}
_GZIP_WINDOW = 31


def html_page() -> Fault:
    """Return a login page with status 200, as a captive portal does."""

    async def answer(exchange: Exchange) -> None:
        headers = {"Content-Type": "text/html; charset=utf-8"}
        await exchange.send_whole(_PAGE, headers=headers)

    return Fault(name="html_page", charge=Charge.NOTHING, take_over=answer)


def empty(code: int = 204) -> Fault:
    """Return a success without a body; 204 by status, 200 by length."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send_whole(b"", status=code)

    return Fault(name=f"empty_{code}", charge=Charge.NOTHING, take_over=answer)


def partial_content() -> Fault:
    """Return half of the answer with status 206."""

    async def answer(exchange: Exchange) -> None:
        await exchange.think()
        data = body_bytes(exchange)
        half = data[: len(data) // 2]
        headers = {"Content-Range": f"bytes 0-{len(half) - 1}/{len(data)}"}
        await exchange.send_whole(half, status=206, headers=headers)

    return Fault(name="partial_content", take_over=answer)


def redirect(location: str = "http://127.0.0.1:9/v1/elsewhere") -> Fault:
    """Return a 307 to another origin, which must not get the credential."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send_whole(b"", status=307, headers={"Location": location})

    return Fault(name="redirect", charge=Charge.NOTHING, take_over=answer)


def gzipped() -> Fault:
    """Return the usual answer compressed and flagged so, wanted or not."""

    async def answer(exchange: Exchange) -> None:
        if not exchange.ask.stream:
            await exchange.think()
            data = gzip.compress(body_bytes(exchange))
            await exchange.send_whole(data, headers=_GZIP)
            return
        squeeze = zlib.compressobj(wbits=_GZIP_WINDOW)
        await exchange.open(headers={**EVENT_STREAM, **_GZIP})
        for data, frame in stream_parts(exchange):
            packed = squeeze.compress(data) + squeeze.flush(zlib.Z_SYNC_FLUSH)
            await exchange.write(packed, frame.tokens)
        await exchange.write(squeeze.flush())
        await exchange.end()

    return Fault(name="gzipped", take_over=answer)


def flag_only(encoding: str = "gzip") -> Fault:
    """Return the usual answer plain, but flagged as compressed."""
    return Fault(name="flag_only", headers={"Content-Encoding": encoding})


def gzip_truncated() -> Fault:
    """Return the first half of a compressed answer as a complete HTTP body."""

    async def answer(exchange: Exchange) -> None:
        await exchange.think()
        data = gzip.compress(body_bytes(exchange))
        await exchange.send_whole(data[: len(data) // 2], headers=_GZIP)

    return Fault(name="gzip_truncated", take_over=answer)


def gzip_bomb(size: int = 64 * MEGABYTE) -> Fault:
    """Return a small body that unpacks to `size` bytes."""

    async def answer(exchange: Exchange) -> None:
        await exchange.think()
        await exchange.send_whole(_bomb(size), headers=_GZIP)

    return Fault(name="gzip_bomb", take_over=answer)


def truncated_json() -> Fault:
    """Return half of the JSON as a complete HTTP body."""

    async def answer(exchange: Exchange) -> None:
        await exchange.think()
        data = body_bytes(exchange)
        await exchange.send_whole(data[: len(data) // 2])

    return Fault(name="truncated_json", take_over=answer)


def wrong_content_type() -> Fault:
    """Return a stream flagged as JSON, or JSON flagged as a stream."""

    async def answer(exchange: Exchange) -> None:
        if exchange.ask.stream:
            await exchange.open()
            for data, frame in stream_parts(exchange):
                await exchange.write(data, frame.tokens)
            await exchange.end()
        else:
            await exchange.think()
            await exchange.send_whole(body_bytes(exchange), headers=EVENT_STREAM)

    return Fault(name="wrong_content_type", take_over=answer)


def long_line(size: int = 32 * MEGABYTE) -> Fault:
    """Return one line of `size` bytes: an event without an end, or a string."""

    async def answer(exchange: Exchange) -> None:
        await exchange.think()
        await open_stream(exchange) if exchange.ask.stream else await exchange.open()
        lead = b"data: " if exchange.ask.stream else b'{"id":"'
        await exchange.write(lead)
        for _ in range(size // MEGABYTE):
            await exchange.write(b"x" * MEGABYTE)
        await exchange.end()

    return Fault(name="long_line", take_over=answer)


def endless(size: int = 32 * MEGABYTE) -> Fault:
    """Return a stream that repeats one delta for `size` bytes and never finishes."""

    async def answer(exchange: Exchange) -> None:
        await exchange.think()
        await open_stream(exchange)
        parts = list(stream_parts(exchange))
        again = next((d for d, f in parts if f.kind is FrameKind.DELTA), b": more\n\n")
        block = again * (MEGABYTE // 16 // len(again) + 1)
        sent = 0
        while sent < size:
            await exchange.write(block)
            sent += len(block)
        await exchange.end()

    return Fault(name="endless", take_over=answer)


def blank_lines_first() -> Fault:
    """Return blank lines ahead of the body, as DeepSeek sends them under load."""
    return Fault(name="blank_lines_first", framing=Framing(before=b"\n" * 64))


def stray_headers() -> Fault:
    """Return the usual answer with a cookie and headers meant for one hop."""

    async def answer(exchange: Exchange) -> None:
        exchange.headers = {
            **exchange.headers,
            "Set-Cookie": "track=1; Path=/",
            "Keep-Alive": "timeout=5",
            "Proxy-Authenticate": "Basic",
            "Trailer": "X-Later",
            "Alt-Svc": 'h3=":443"',
            "Access-Control-Allow-Origin": "*",
            "Strict-Transport-Security": "max-age=1",
        }
        await send(exchange)

    return Fault(name="stray_headers", take_over=answer)


@lru_cache(maxsize=4)
def _bomb(size: int) -> bytes:
    squeeze = zlib.compressobj(wbits=_GZIP_WINDOW)
    zeros = b" " * MEGABYTE
    packed = [squeeze.compress(zeros) for _ in range(size // MEGABYTE)]
    return b"".join([*packed, squeeze.flush()])

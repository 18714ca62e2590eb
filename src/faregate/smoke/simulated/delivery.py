"""Sending an answer: whole or as a stream, with what a fault bends on the way."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from faregate.smoke.simulated.fault import Fault, Framing
from faregate.smoke.simulated.frames import Frame, FrameKind, encode, to_bytes, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from faregate.smoke.simulated.exchange import Exchange

EVENT_STREAM = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
}
_AS_USUAL = Framing()
_ARRAY_END = Frame(kind=FrameKind.NOISE, raw=b"]")


async def deliver(exchange: Exchange, fault: Fault | None) -> None:
    """Answer one ask; raises HungUpError where a fault ends the connection."""
    await exchange.wait(exchange.pace.first_byte)
    if fault is not None and fault.take_over is not None:
        await fault.take_over(exchange)
    else:
        await send(exchange, fault)


async def send(exchange: Exchange, fault: Fault | None = None) -> None:
    """Send the answer as it was asked for, bent by the fault where it wants to."""
    if exchange.ask.stream:
        await send_stream(exchange, fault)
    else:
        await send_body(exchange, fault)


async def send_body(exchange: Exchange, fault: Fault | None = None) -> None:
    """Generate at the pace, then send the whole answer."""
    await exchange.think()
    before = b"" if fault is None or fault.framing is None else fault.framing.before
    await exchange.send_whole(before + body_bytes(exchange, fault))


async def send_stream(exchange: Exchange, fault: Fault | None = None) -> None:
    """Send the frames one by one at the pace, or all at once."""
    framing = (fault and fault.framing) or _AS_USUAL
    parts = list(stream_parts(exchange, fault))
    await open_stream(exchange)
    if framing.burst:
        whole = framing.before + b"".join(data for data, _ in parts)
        await exchange.write(whole, sum(frame.tokens for _, frame in parts))
    else:
        await exchange.write(framing.before)
        await _write_parts(exchange, parts)
    await exchange.end()


async def send_some(exchange: Exchange, after: int) -> None:
    """Send the first `after` frames, or half of an answer that is not streamed."""
    if exchange.ask.stream:
        await open_stream(exchange)
        await _write_parts(exchange, islice(stream_parts(exchange), after))
        return
    await exchange.think()
    data = body_bytes(exchange)
    await exchange.open(length=len(data))
    await exchange.write(data[: len(data) // 2])


async def open_stream(exchange: Exchange) -> None:
    """Send the headers of a stream."""
    if exchange.ask.inline_stream:
        await exchange.open()
    else:
        await exchange.open(headers=EVENT_STREAM)


def body_bytes(exchange: Exchange, fault: Fault | None = None) -> bytes:
    """Return the whole answer as JSON."""
    body = exchange.dialect.body(exchange.answer, exchange.ask)
    if fault is not None and fault.on_body is not None:
        body = fault.on_body(body, exchange.dialect)
    return to_bytes(to_json(body))


def stream_parts(
    exchange: Exchange, fault: Fault | None = None
) -> Iterator[tuple[bytes, Frame]]:
    """Yield each frame with its bytes: events, or the parts of one JSON array."""
    frames: Iterable[Frame] = exchange.dialect.frames(exchange.answer, exchange.ask)
    if fault is not None and fault.on_frames is not None:
        frames = fault.on_frames(iter(frames), exchange.dialect)
    if exchange.ask.inline_stream:
        yield from _array_parts(frames)
        return
    framing = (fault and fault.framing) or _AS_USUAL
    newline = framing.newline or exchange.dialect.newline
    for frame in frames:
        yield encode(frame, newline) + framing.between, frame


def _array_parts(frames: Iterable[Frame]) -> Iterator[tuple[bytes, Frame]]:
    lead = "["
    for frame in frames:
        if frame.raw is not None:
            yield b"", frame
            continue
        text = frame.data if isinstance(frame.data, str) else to_json(frame.data)
        yield to_bytes(lead + text), frame
        lead = "\r\n,"
    yield b"]", _ARRAY_END


async def _write_parts(
    exchange: Exchange, parts: Iterable[tuple[bytes, Frame]]
) -> None:
    for data, frame in parts:
        await exchange.write(data, frame.tokens)
        if frame.kind is FrameKind.DELTA:
            await exchange.wait(exchange.pace.gap)

"""Sending an answer: whole or as a stream, with what a fault bends on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.simulated.faults.fault import Fault, Framing
from faregate.smoke.simulated.frames import Frame, FrameKind, encode, to_bytes, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.smoke.simulated.exchange import Exchange

_EVENT_STREAM = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
}
_AS_USUAL = Framing()


async def deliver(exchange: Exchange, fault: Fault | None) -> None:
    """Answer one ask; raises HungUpError where a fault ends the connection."""
    await exchange.wait(exchange.pace.first_byte)
    if fault is not None and fault.take_over is not None:
        await fault.take_over(exchange)
    elif exchange.ask.stream:
        await send_stream(exchange, bent_frames(exchange, fault), fault)
    else:
        await send_body(exchange, fault)


def bent_frames(exchange: Exchange, fault: Fault | None = None) -> Iterable[Frame]:
    """Return the frames of the answer, changed by the fault where it wants to."""
    frames = exchange.dialect.frames(exchange.answer, exchange.ask)
    if fault is None or fault.on_frames is None:
        return frames
    return fault.on_frames(frames, exchange.dialect)


async def send_body(exchange: Exchange, fault: Fault | None = None) -> None:
    """Generate at the pace, then send the whole answer."""
    await exchange.think()
    body = exchange.dialect.body(exchange.answer, exchange.ask)
    if fault is not None and fault.on_body is not None:
        body = fault.on_body(body, exchange.dialect)
    before = b"" if fault is None or fault.framing is None else fault.framing.before
    await exchange.send_whole(before + to_bytes(to_json(body)))


async def send_stream(
    exchange: Exchange, frames: Iterable[Frame], fault: Fault | None = None
) -> None:
    """Send frames one by one at the pace, or all at once."""
    framing = (fault and fault.framing) or _AS_USUAL
    if exchange.ask.inline_stream:
        await _send_array(exchange, frames)
        return
    newline = framing.newline or exchange.dialect.newline
    await exchange.open(headers=_EVENT_STREAM)
    if framing.burst:
        listed = list(frames)
        await exchange.write(
            framing.before + b"".join(encode(frame, newline) for frame in listed),
            sum(frame.tokens for frame in listed),
        )
    else:
        await exchange.write(framing.before)
        for frame in frames:
            await exchange.write(encode(frame, newline) + framing.between, frame.tokens)
            await exchange.wait(exchange.pace.gap if _paced(frame) else 0)
    await exchange.end()


def _paced(frame: Frame) -> bool:
    return frame.kind is FrameKind.DELTA


async def _send_array(exchange: Exchange, frames: Iterable[Frame]) -> None:
    """Send Gemini's stream as one JSON array, element by element."""
    await exchange.open()
    lead = "["
    for frame in frames:
        text = frame.data if isinstance(frame.data, str) else to_json(frame.data)
        await exchange.write(to_bytes(lead + text), frame.tokens)
        await exchange.wait(exchange.pace.gap if _paced(frame) else 0)
        lead = "\r\n,"
    await exchange.write(b"]")
    await exchange.end()

"""Streams whose events are wrong, missing, doubled or oddly framed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.smoke.simulated.ask import ApiError
from faregate.smoke.simulated.delivery import EVENT_STREAM
from faregate.smoke.simulated.fault import Charge, Fault, Framing
from faregate.smoke.simulated.frames import (
    Frame,
    FrameKind,
    encode,
    to_bytes,
    to_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faregate.smoke.simulated.dialects.dialect import Dialect
    from faregate.smoke.simulated.exchange import Exchange

OVERLOADED = ApiError(status=529, message="Overloaded", code="server_error")
_ENDS = {FrameKind.TERMINAL, FrameKind.USAGE, FrameKind.DONE}
_KEEP_ALIVE = b": keep-alive\n\n"
_STRANGE = (
    b"event: proxy.approval\ndata: {}\n\n",
    b'event: proxy.approval\ndata: {"approved":true,"id":"1"}\n\n',
)
_ODD_LINES = b"id: 7\nretry: 10\n: note\n\n"


def error_first(error: ApiError = OVERLOADED) -> Fault:
    """Return status 200 with an error as the only event, or as the whole body."""

    async def answer(exchange: Exchange) -> None:
        if exchange.ask.stream and not exchange.ask.inline_stream:
            frame = exchange.dialect.error_frame(error)
            await exchange.open(headers=EVENT_STREAM)
            await exchange.write(encode(frame, exchange.dialect.newline))
            await exchange.end()
        else:
            body = exchange.dialect.error(error)
            await exchange.send_whole(to_bytes(to_json(body)))

    return Fault(name="error_first", charge=Charge.NOTHING, take_over=answer)


def error_midway(after: int = 4, error: ApiError = OVERLOADED) -> Fault:
    """Return a stream that reports an error after `after` events and ends there."""

    def bent(frames: Iterator[Frame], dialect: Dialect) -> Iterator[Frame]:
        for _, frame in zip(range(after), frames, strict=False):
            yield frame
        yield dialect.error_frame(error)

    return Fault(name="error_midway", charge=Charge.GENERATED, on_frames=bent)


def clean_end(after: int | None = None) -> Fault:
    """Return a stream that ends in order but without finish, usage or end mark.

    With `after` it ends behind that many events instead.
    """

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        for number, frame in enumerate(frames):
            if number == after or (after is None and frame.kind in _ENDS):
                return
            yield frame

    charge = Charge.ALL if after is None else Charge.GENERATED
    return Fault(name="clean_end", charge=charge, on_frames=bent)


def without(kind: FrameKind, name: str) -> Fault:
    """Return a stream that lacks every frame of one kind."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        return (frame for frame in frames if frame.kind is not kind)

    return Fault(name=name, on_frames=bent)


def doubled_end() -> Fault:
    """Return a stream whose last event comes twice."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        listed = list(frames)
        yield from (*listed, *listed[-1:])

    return Fault(name="doubled_end", on_frames=bent)


def data_after_end() -> Fault:
    """Return a stream in which one more delta follows the last event."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        listed = list(frames)
        deltas = [frame for frame in listed if frame.kind is FrameKind.DELTA]
        yield from listed
        yield from (replace(frame, tokens=0) for frame in deltas[-1:])

    return Fault(name="data_after_end", on_frames=bent)


def strange_events() -> Fault:
    """Return a stream with events of a type nobody knows, one posing as the gate's."""
    return _sprinkled("strange_events", _STRANGE)


def empty_data() -> Fault:
    """Return a stream with events that hold nothing, null or no JSON."""
    noise = (b"data:\n\n", b"data: null\n\n", b"data: {half\n\n")
    return _sprinkled("empty_data", noise)


def odd_fields() -> Fault:
    """Return a stream with id, retry and comment lines between the events."""
    return _sprinkled("odd_fields", (_ODD_LINES,))


def many_data_lines() -> Fault:
    """Return a stream whose events span several data lines, with no space behind."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        for frame in frames:
            text = frame.data if isinstance(frame.data, str) else to_json(frame.data)
            lines = text.replace(',"', ',\n"').split("\n")
            head = b"" if frame.event is None else f"event:{frame.event}\n".encode()
            body = b"".join(b"data:" + to_bytes(line) + b"\n" for line in lines)
            yield replace(frame, raw=head + body + b"\n")

    return Fault(name="many_data_lines", on_frames=bent)


def no_last_blank_line() -> Fault:
    """Return a stream whose last event is not closed by a blank line."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        *most, last = frames
        yield from most
        yield replace(last, raw=encode(last)[:-1])

    return Fault(name="no_last_blank_line", on_frames=bent)


def line_ends(newline: bytes, name: str) -> Fault:
    """Return a stream with other line ends."""
    return Fault(name=name, framing=Framing(newline=newline))


def burst() -> Fault:
    """Return the whole stream in one write."""
    return Fault(name="burst", framing=Framing(burst=True))


def comments() -> Fault:
    """Return a stream with keep-alive comments before and between the events."""
    framing = Framing(before=_KEEP_ALIVE, between=_KEEP_ALIVE)
    return Fault(name="comments", framing=framing)


def byte_order_mark() -> Fault:
    """Return a stream or body that begins with a byte order mark."""
    return Fault(name="byte_order_mark", framing=Framing(before=b"\xef\xbb\xbf"))


def null_bytes() -> Fault:
    """Return a stream with NUL bytes in lines between the events."""
    return Fault(name="null_bytes", framing=Framing(between=b": \0\0\n\n"))


def tool_indexes(name: str, change: Callable[[int], int]) -> Fault:
    """Return a chat stream whose tool calls are numbered by `change`."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        for frame in frames:
            if isinstance(frame.data, dict):
                for choice in frame.data.get("choices") or []:
                    for part in choice.get("delta", {}).get("tool_calls") or []:
                        part["index"] = change(part["index"])
            yield frame

    return Fault(name=name, on_frames=bent)


def _sprinkled(name: str, noise: tuple[bytes, ...]) -> Fault:
    """Return a stream with `noise` events in turn, one before each event."""

    def bent(frames: Iterator[Frame], _: Dialect) -> Iterator[Frame]:
        for number, frame in enumerate(frames):
            yield Frame(kind=FrameKind.NOISE, raw=noise[number % len(noise)])
            yield frame

    return Fault(name=name, on_frames=bent)

"""Connections that break, stall or crawl."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.smoke.simulated.delivery import (
    body_bytes,
    open_stream,
    send,
    send_some,
    stream_parts,
)
from faregate.smoke.simulated.fault import Charge, Fault

if TYPE_CHECKING:
    from faregate.smoke.simulated.exchange import Exchange

_FOREVER = 3600.0
_HALF_A_HEADER = b"HTTP/1.1 200 OK\r\nContent-Type: applica"
_EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"


def reset_before_response(*, charge: Charge = Charge.ALL) -> Fault:
    """Return a reset after the whole answer was generated, before any byte of it."""

    async def answer(exchange: Exchange) -> None:
        await exchange.think()
        await exchange.reset()

    return Fault(name="reset_before_response", charge=charge, take_over=answer)


def reset_when_reused() -> Fault:
    """Return the usual answer on a fresh connection, a reset on one used before.

    The reset comes before the request was looked at, so it bills nothing.
    """

    async def answer(exchange: Exchange) -> None:
        if exchange.reused:
            await exchange.reset(unread=True)
        await send(exchange)

    return Fault(name="reset_when_reused", take_over=answer)


def reset_mid_header(*, charge: Charge = Charge.ALL) -> Fault:
    """Return a reset inside the response headers."""

    async def answer(exchange: Exchange) -> None:
        await exchange.think()
        await exchange.write_raw(_HALF_A_HEADER)
        await exchange.reset()

    return Fault(name="reset_mid_header", charge=charge, take_over=answer)


def reset_midway(after: int = 4, *, charge: Charge = Charge.GENERATED) -> Fault:
    """Return a reset after `after` frames, or inside an answer that is not streamed."""

    async def answer(exchange: Exchange) -> None:
        await send_some(exchange, after)
        await exchange.reset()

    return Fault(name="reset_midway", charge=charge, take_over=answer)


def cut_midway(after: int = 4, *, charge: Charge = Charge.GENERATED) -> Fault:
    """Return a close in order after `after` frames, the body left unfinished."""

    async def answer(exchange: Exchange) -> None:
        await send_some(exchange, after)
        await exchange.cut()

    return Fault(name="cut_midway", charge=charge, take_over=answer)


def stall_before_first_byte(seconds: float = _FOREVER) -> Fault:
    """Return silence before the headers, then the usual answer."""

    async def answer(exchange: Exchange) -> None:
        await exchange.wait(seconds)
        await send(exchange)

    return Fault(name="stall_before_first_byte", take_over=answer)


def stall_midway(after: int = 4, seconds: float = _FOREVER) -> Fault:
    """Return silence after `after` frames, then a reset; 0 frames: after the headers."""

    async def answer(exchange: Exchange) -> None:
        await send_some(exchange, after)
        await exchange.wait(seconds)
        await exchange.reset()

    return Fault(name="stall_midway", charge=Charge.GENERATED, take_over=answer)


def drip(size: int = 1, gap: float = 0.0) -> Fault:
    """Return the usual answer in writes of `size` bytes, `gap` seconds apart."""

    async def answer(exchange: Exchange) -> None:
        if exchange.ask.stream:
            await open_stream(exchange)
            parts = [(data, frame.tokens) for data, frame in stream_parts(exchange)]
        else:
            await exchange.think()
            parts = [(body_bytes(exchange), 0)]
            await exchange.open(length=len(parts[0][0]))
        for data, tokens in parts:
            exchange.generated += tokens
            for start in range(0, len(data), size):
                await exchange.write(data[start : start + size])
                await asyncio.sleep(gap)
        await exchange.end()

    return Fault(name="drip", take_over=answer)


def pings_only(pings: int = 3, every: float = 0.0) -> Fault:
    """Return a stream that only shows it is alive, then ends without an answer."""

    async def answer(exchange: Exchange) -> None:
        await open_stream(exchange)
        for _ in range(pings):
            await exchange.write(b"event: ping\ndata: {}\n\n: still here\n\n")
            await exchange.wait(every)
        await exchange.end()

    return Fault(name="pings_only", charge=Charge.GENERATED, take_over=answer)


def early_hints(count: int = 50) -> Fault:
    """Return `count` informational responses ahead of the usual answer."""

    async def answer(exchange: Exchange) -> None:
        await exchange.write_raw(_EARLY_HINTS * count)
        await send(exchange)

    return Fault(name="early_hints", take_over=answer)

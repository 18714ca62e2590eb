"""Ends requests that take longer than anyone should wait.

One look a second over everything instead of a timer for each read: it costs the
stream nothing, and a machine that slept does not time everything out at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.flights import Flight, FlightState
from faregate.gateway.patient import SLEPT

if TYPE_CHECKING:
    from faregate.gateway.gate import Gate
    from faregate.gateway.settings import Patience


async def watch(gate: Gate) -> None:
    """Look at every flight and every waiting request, again and again."""
    patience = gate.settings.patience
    last = gate.clock.monotonic()
    while True:
        await asyncio.sleep(patience.look)
        now = gate.clock.monotonic()
        late = now - last - patience.look
        if late > SLEPT:
            # Nothing could arrive meanwhile, so nobody is to blame for it.
            excuse(gate.flights.all(), late)
            gate.admission.excuse(late)
        else:
            gate.governor.look()
            look(gate.flights.all(), now, patience)
            gate.admission.look(now)
        last = now


def excuse(flights: list[Flight], pause: float) -> None:
    """Move every deadline by a pause in which nothing could happen."""
    for flight in flights:
        flight.started += pause
        flight.state_since += pause
        flight.last_byte += pause
        if flight.progress_at is not None:
            flight.progress_at += pause
        if flight.writing_since is not None:
            flight.writing_since += pause


def look(flights: list[Flight], now: float, patience: Patience) -> None:
    """End what is overdue."""
    for flight in flights:
        _note_progress(flight, now)
        since = flight.writing_since
        if since is not None and now - since > patience.write_stall:
            flight.drop()
            flight.hang_up()
        why = overdue(flight, now, patience)
        if why is not None:
            flight.give_up(
                Refusal(
                    code=RefusalCode.UPSTREAM_TIMEOUT,
                    message=f"{flight.provider}: {why}",
                )
            )


def overdue(flight: Flight, now: float, patience: Patience) -> str | None:
    """Return why a flight must end, or None."""
    match flight.state:
        case FlightState.WAITING:
            # Waiting for room is timed by the line itself.
            return None
        case FlightState.CONNECTING:
            allowed = _first_byte(flight, patience)
            late = now - flight.state_since > allowed
            return f"no answer within {allowed:.0f} s" if late else None
        case FlightState.DRAINING:
            late = now - flight.state_since > patience.drain
            return "the client hung up" if late else None
        case FlightState.STREAMING:
            return _stalled(flight, now, patience)


def _stalled(flight: Flight, now: float, patience: Patience) -> str | None:
    silence = now - flight.last_byte
    first = not flight.stream or not flight.output_bytes
    allowed = _first_byte(flight, patience) if first else patience.idle
    if flight.writing_since is None and silence > allowed:
        return f"the answer stalled for {allowed:.0f} s"
    progress = flight.progress_at
    if progress is not None and now - progress > patience.quiet:
        return f"only keep-alives for {patience.quiet:.0f} s"
    if now - flight.started > patience.total:
        return f"the answer was not complete after {patience.total:.0f} s"
    return None


def _first_byte(flight: Flight, patience: Patience) -> float:
    return patience.first_byte_stream if flight.stream else patience.first_byte_whole


def _note_progress(flight: Flight, now: float) -> None:
    if flight.meter is None:
        return
    seen = flight.meter.answer().output_bytes
    if seen != flight.progress or flight.progress_at is None:
        flight.progress = seen
        flight.progress_at = now

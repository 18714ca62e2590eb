"""Ends requests that take longer than anyone should wait.

One look a second over all flights instead of a timer for each read: it costs the
stream nothing, and a machine that slept does not time everything out at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.flights import Flight, FlightState

if TYPE_CHECKING:
    from faregate.gateway.gate import Gate
    from faregate.gateway.settings import Patience

INTERVAL = 1.0
SLEPT = 5.0
"""A pause between two looks, in seconds, that means the process was stopped."""


async def watch(gate: Gate) -> None:
    """Look at every flight once a second until cancelled."""
    last = gate.clock.monotonic()
    while True:
        await asyncio.sleep(INTERVAL)
        now = gate.clock.monotonic()
        if now - last > SLEPT:
            excuse(gate.flights.all(), now - last)
        else:
            look(gate.flights.all(), now, gate.settings.patience)
        last = now


def excuse(flights: list[Flight], pause: float) -> None:
    """Move every deadline by a pause in which nothing could happen."""
    for flight in flights:
        flight.started += pause
        flight.state_since += pause
        flight.last_byte += pause
        flight.progress_at += pause
        if flight.writing_since is not None:
            flight.writing_since += pause


def look(flights: list[Flight], now: float, patience: Patience) -> None:
    """End what is overdue."""
    for flight in flights:
        _note_progress(flight, now)
        since = flight.writing_since
        if since is not None and now - since > patience.write_stall:
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
    if flight.state is FlightState.WAITING:
        return None
    if flight.state is FlightState.CONNECTING:
        allowed = (
            patience.first_byte_stream if flight.stream else patience.first_byte_whole
        )
        if now - flight.state_since > allowed:
            return f"no answer within {allowed:.0f} s"
        return None
    if flight.writing_since is None and now - flight.last_byte > patience.idle:
        return f"the answer stalled for {patience.idle:.0f} s"
    if flight.progress_at and now - flight.progress_at > patience.quiet:
        return f"only keep-alives for {patience.quiet:.0f} s"
    if now - flight.started > patience.total:
        return f"the answer was not complete after {patience.total:.0f} s"
    return None


def _note_progress(flight: Flight, now: float) -> None:
    if flight.meter is None:
        return
    seen = flight.meter.answer().output_bytes
    if seen != flight.progress or not flight.progress_at:
        flight.progress = seen
        flight.progress_at = now

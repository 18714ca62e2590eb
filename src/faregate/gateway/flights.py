"""The requests that are running or waiting now.

A flight is the live face of an exchange: its figures change while it runs and it
is gone when the request ends. Nothing here is money; the ledger has that.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.money import ZERO, Money
from faregate.protocols.lean_struct import LeanRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.core.refusal import Refusal
    from faregate.protocols.codec import StreamMeter


class FlightState(StrEnum):
    """What a flight is doing."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    STREAMING = "streaming"
    DRAINING = "draining"


class Flight(LeanRecord):
    """One request in flight; times are monotonic seconds unless named `_ms`."""

    id: str
    session: str
    agent: str | None
    model: str
    provider: str
    started_ms: int
    started: float
    stream: bool
    """Its answer is expected piece by piece, not all at once."""
    give_up: Callable[[Refusal], None]
    """Ends the request now; its client gets the refusal."""
    hang_up: Callable[[], None]
    """Treats the client as gone."""
    drop: Callable[[], None] = lambda: None
    """Closes the client's connection, so that no write waits for it."""
    meter: StreamMeter | None = None
    state: FlightState = FlightState.CONNECTING
    state_since: float = 0.0
    first_byte: float | None = None
    first_output: float | None = None
    """When model output was first seen in a stream."""
    waited: float = 0.0
    """Seconds that it waited for room or for a person, so far."""
    last_byte: float = 0.0
    output_bytes: int = 0
    held: Money = ZERO
    why: str | None = None
    writing_since: float | None = None
    """Since when the client has not taken the bytes written to it."""
    progress: int = 0
    """Model output seen at `progress_at`, to tell keep-alives from progress."""
    progress_at: float | None = None

    def enter(self, state: FlightState, now: float) -> None:
        """Change what the flight is doing."""
        if self.state is FlightState.WAITING:
            self.waited += now - self.state_since
        self.state = state
        self.state_since = now


class Flights:
    """All flights by request id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Flight] = {}
        self.total = 0
        """Requests that were ever admitted to a flight."""
        self._empty: asyncio.Event | None = None
        """Set when nothing is in flight; only there while somebody waits for that."""

    def add(self, flight: Flight) -> None:
        """Note a flight that begins."""
        self._by_id[flight.id] = flight
        self.total += 1

    def remove(self, flight: Flight) -> None:
        """Forget a flight that ended."""
        self._by_id.pop(flight.id, None)
        if self._empty is not None and not self._by_id:
            self._empty.set()

    def is_running(self, request: str) -> bool:
        """Tell whether the request with this id is in flight."""
        return request in self._by_id

    async def landed(self) -> None:
        """Return once nothing is in flight."""
        while self._by_id:
            self._empty = empty = self._empty or asyncio.Event()
            empty.clear()
            await empty.wait()

    def all(self) -> list[Flight]:
        """Return every flight, oldest first."""
        return list(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def waiting(self) -> int:
        """Return how many wait for room."""
        return sum(1 for f in self._by_id.values() if f.state is FlightState.WAITING)

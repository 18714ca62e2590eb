"""The time that screens show: the only place of the TUI that reads a clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, tzinfo
from typing import Protocol


class Clock(Protocol):
    """Wall time, running time and the person's time zone."""

    def now(self) -> datetime:
        """Return the instant, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        ...

    def local(self, instant: datetime) -> datetime:
        """Return `instant` as the person reads it."""
        ...


class SystemClock:
    """The machine's clock, in its own or a given time zone."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone

    def now(self) -> datetime:
        """Return the instant, aware and in UTC."""
        return datetime.fromtimestamp(time.time_ns() / 1e9, UTC)

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        return time.monotonic()

    def local(self, instant: datetime) -> datetime:
        """Return `instant` as the person reads it."""
        return instant.astimezone(self._zone)

"""The event log: what a person would want to have seen, in memory, newest last."""

from __future__ import annotations

from collections import deque
from typing import Literal

from faregate.core.values import dataclass

Severity = Literal["info", "warn", "alert"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the log; `at_ms` is Unix milliseconds."""

    seq: int
    at_ms: int
    kind: str
    severity: Severity
    session: str | None
    text: str
    about: str | None = None
    """What it concerns besides its session: the same for all that need telling once."""


class EventLog:
    """Keeps the latest events; publishing never blocks and never fails."""

    def __init__(self, size: int = 500) -> None:
        self._events: deque[Event] = deque(maxlen=size)
        self._seq = 0

    @property
    def seq(self) -> int:
        """Return the number of the newest event."""
        return self._seq

    def publish(
        self,
        kind: str,
        text: str,
        *,
        at_ms: int,
        severity: Severity = "info",
        session: str | None = None,
        about: str | None = None,
    ) -> None:
        """Append one event."""
        self._seq += 1
        self._events.append(
            Event(
                seq=self._seq,
                at_ms=at_ms,
                kind=kind,
                severity=severity,
                session=session,
                text=text,
                about=about,
            )
        )

    def since(self, seq: int) -> list[Event]:
        """Return the kept events after `seq`, oldest first."""
        newer = []
        for event in reversed(self._events):
            if event.seq <= seq:
                break
            newer.append(event)
        newer.reverse()
        return newer

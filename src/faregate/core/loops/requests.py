"""The same request again and again: told by hashes, without reading what it says.

Requests that run side by side are no loop, and not told here: somebody asks for many
answers at once.
Requests without tools are sent again by scripts and checks of all kinds: only much
more of them is worth a word.
"""

from __future__ import annotations

from collections import deque

from faregate.core.lean import lean
from faregate.core.loops.finding import PATIENCE, Loop, LoopRule
from faregate.core.values import dataclass

PLAIN = 10
"""How many times more often a request without tools may come."""

MOST_COUNTED = 10_000
"""Requests of one log that are counted, as many as any setting asks for: a script sends
hundreds a second, for as long as the window is."""


@lean
@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it comes."""

    now: float
    """Seconds of a clock that never goes back."""
    failed_before: bool = False
    """The same body got no good answer the last time."""
    plain: bool = False
    """It offers no tools: no agent at work."""


class RequestLog:
    """When identical requests of one conversation came, one right after another."""

    def __init__(self) -> None:
        self._answered: deque[float] = deque(maxlen=MOST_COUNTED)
        self._failed: deque[float] = deque(maxlen=MOST_COUNTED)

    def begin(self, now: float, *, failed_before: bool) -> None:
        """Note another request than the one before, with which no loop can close."""
        self.forget()
        (self._failed if failed_before else self._answered).append(now)

    def came(self, arrival: Arrival, repeats: int, window: float) -> Loop | None:
        """Note a request like the one before; return the loop that it closes."""
        storm = arrival.failed_before
        times = self._failed if storm else self._answered
        times.append(arrival.now)
        oldest = arrival.now - window
        while times[0] < oldest:
            times.popleft()
        # The first of a storm was not known to be one.
        count = len(times) + storm
        if count < repeats or count < repeats * _patience(arrival):
            return None
        rule = LoopRule.RETRY_STORM if storm else LoopRule.IDENTICAL_REQUESTS
        return Loop(rule=rule, times=count)

    def forget(self) -> None:
        """Begin anew, with another request."""
        self._answered.clear()
        self._failed.clear()


def _patience(arrival: Arrival) -> int:
    if arrival.plain:
        return PLAIN
    return PATIENCE if arrival.failed_before else 1

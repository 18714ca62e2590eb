"""The same request again and again: told by hashes, without reading what it says.

Requests that run side by side are no loop: somebody asks for many answers at once.
Requests without tools are sent again by scripts and checks of all kinds: only much
more of them is worth a word.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from faregate.core.loops.finding import PATIENCE, Loop, LoopRule

PLAIN = 10
"""How many times more often a request without tools may come."""
_MOST_BODIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request as it comes; `body` is equal for identical ones."""

    body: int
    now: float
    """Seconds of a clock that never goes back."""
    beside: bool = False
    """Another one with this body still runs."""
    again: bool = False
    """It came right after one that was not noted, for nobody knew it would be one."""
    failed_before: bool = False
    """The same body got no good answer the last time."""
    plain: bool = False
    """It offers no tools: no agent at work."""


@dataclass(slots=True)
class _Came:
    answered: deque[float] = field(default_factory=deque)
    failed: deque[float] = field(default_factory=deque)


class RequestLog:
    """When the latest bodies of one conversation came."""

    def __init__(self) -> None:
        self._bodies: OrderedDict[int, _Came] = OrderedDict()

    def came(self, arrival: Arrival, repeats: int, window: float) -> Loop | None:
        """Note a request; return the loop that it closes, if any."""
        came = self._bodies.setdefault(arrival.body, _Came())
        self._bodies.move_to_end(arrival.body)
        if len(self._bodies) > _MOST_BODIES:
            self._bodies.popitem(last=False)
        if arrival.beside:
            return None
        times = came.failed if arrival.failed_before else came.answered
        times.append(arrival.now)
        while times and times[0] < arrival.now - window:
            times.popleft()
        count = len(times) + arrival.again
        if count < repeats * _patience(arrival):
            return None
        storm = arrival.failed_before
        rule = LoopRule.RETRY_STORM if storm else LoopRule.IDENTICAL_REQUESTS
        return Loop(rule=rule, times=count)

    def forget(self) -> None:
        """Begin anew."""
        self._bodies.clear()


def _patience(arrival: Arrival) -> int:
    if arrival.plain:
        return PLAIN
    return PATIENCE if arrival.failed_before else 1

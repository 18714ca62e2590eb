"""The limits that only count, asked all at once: the usual case of every request.

Owns the short way past limits that hold for most sessions. It refuses nothing: where it
does not let by, the limits are asked one by one, and the first one is named.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf
from typing import TYPE_CHECKING

from faregate.core.limits.limit import Limits

if TYPE_CHECKING:
    from faregate.core.limits.limit import Counters

# Whoever adds a limit need not think of this short way: it is closed to it.
_HERE = {"requests", "wall_clock", "retries", "tool_calls", "concurrency"}
_OTHERS = tuple(item.name for item in fields(Limits) if item.name not in _HERE)


@dataclass(frozen=True, slots=True)
class Counted:
    """How far each counter may go; infinite where no limit is set.

    Holds only where no limit looks at what a request wants: at tokens or money.
    """

    requests: float
    wall_clock: float
    tool_calls: float
    concurrency: float

    def lets_by(self, so_far: Counters, now: float) -> bool:
        """Tell whether a request that is no client's retry passes every limit."""
        return (
            so_far.requests < self.requests
            and so_far.running < self.concurrency
            and so_far.tool_calls < self.tool_calls
            and now - so_far.started < self.wall_clock
        )


def counted(limits: Limits) -> Counted | None:
    """Return the short way past these limits; None where they look at more."""
    if any(getattr(limits, name) is not None for name in _OTHERS):
        return None
    return Counted(
        inf if limits.requests is None else limits.requests,
        inf if limits.wall_clock is None else limits.wall_clock,
        inf if limits.tool_calls is None else limits.tool_calls,
        inf if limits.concurrency is None else limits.concurrency,
    )

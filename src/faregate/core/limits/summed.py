"""The limits on plain sums, asked all at once: the usual case of every request.

Owns the short way past limits that hold for most sessions. It refuses nothing: where it
does not let by, the limits are asked one by one, and the first one is named.
"""

from __future__ import annotations

from dataclasses import fields
from math import inf
from typing import TYPE_CHECKING

from faregate.core.limits.limit import Limits
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.limits.limit import Counters, Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """How far each sum may go; infinite where no limit is set."""

    requests: float = inf
    wall_clock: float = inf
    input_tokens: float = inf
    output_tokens: float = inf
    retries: float = inf
    tool_calls: float = inf
    concurrency: float = inf
    request_input_tokens: float = inf
    request_output_tokens: float = inf

    def lets_by(self, so_far: Counters, wish: Wish) -> bool:
        """Tell whether a request passes every limit with all that it wants."""
        read, written = wish.input, wish.output
        return (
            so_far.requests < self.requests
            and so_far.running < self.concurrency
            and so_far.tool_calls < self.tool_calls
            and wish.now - so_far.started < self.wall_clock
            and so_far.input_tokens + so_far.input_held + read <= self.input_tokens
            and so_far.output_tokens + so_far.output_held + written
            <= self.output_tokens
            and read <= self.request_input_tokens
            and written <= self.request_output_tokens
            and (not wish.client_retry or so_far.retries < self.retries)
        )


_SUMS = tuple(item.name for item in fields(Summed))
# Whoever adds a limit need not think of this short way: it is closed to it.
_OTHERS = tuple(item.name for item in fields(Limits) if item.name not in _SUMS)


def summed(limits: Limits) -> Summed | None:
    """Return the short way past these limits; None where they look at more."""
    if any(getattr(limits, name) is not None for name in _OTHERS):
        return None
    most = {name: getattr(limits, name) for name in _SUMS}
    return Summed(**{name: far for name, far in most.items() if far is not None})

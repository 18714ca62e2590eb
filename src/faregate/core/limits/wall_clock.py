"""How long a session may last, from its first request on."""

from __future__ import annotations

from faregate.core.limits.limit import Counters, Limits, Reached, Wish


def reached(limits: Limits, so_far: Counters, wish: Wish) -> Reached | None:
    """Return the limit when the session's time is over."""
    most = limits.wall_clock
    if most is None:
        return None
    lasted = wish.now - so_far.started
    if lasted < most:
        return None
    return Reached(limit="wall_clock", most=most, used=lasted)

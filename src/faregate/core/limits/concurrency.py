"""How many requests of a session may run at once."""

from __future__ import annotations

from faregate.core.limits.limit import ON_CHANGE, Counters, Limits, Reached, Wish


def reached(limits: Limits, so_far: Counters, _wish: Wish) -> Reached | None:
    """Return the limit while as many run."""
    most = limits.concurrency
    if most is None or so_far.running < most:
        return None
    return Reached(limit="concurrency", most=most, used=so_far.running, wait=ON_CHANGE)

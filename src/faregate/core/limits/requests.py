"""How many requests a session may make."""

from __future__ import annotations

from faregate.core.limits.limit import Counters, Limits, Reached, Wish


def reached(limits: Limits, so_far: Counters, _wish: Wish) -> Reached | None:
    """Return the limit when as many requests were let through."""
    most = limits.requests
    if most is None or so_far.requests < most:
        return None
    return Reached(limit="requests", most=most, used=so_far.requests)

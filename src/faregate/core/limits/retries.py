"""How often a session's requests may be sent again, by the gate or by the agent."""

from __future__ import annotations

from faregate.core.limits.limit import Counters, Limits, Reached, Wish


def reached(limits: Limits, so_far: Counters, wish: Wish) -> Reached | None:
    """Return the limit for a repeated request; a new one is none of its business."""
    most = limits.retries
    if most is None or not wish.client_retry or so_far.retries < most:
        return None
    return Reached(limit="retries", most=most, used=so_far.retries)

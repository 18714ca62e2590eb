"""How many tokens one answer may have."""

from __future__ import annotations

from faregate.core.limits.limit import Counters, Limits, Reached, Wish


def reached(limits: Limits, _so_far: Counters, wish: Wish) -> Reached | None:
    """Return the limit when the request insists on a longer answer."""
    most = limits.request_output_tokens
    if most is None or wish.output_least <= most:
        return None
    return Reached(
        limit="request_output_tokens", most=most, used=0, needed=wish.output_least
    )

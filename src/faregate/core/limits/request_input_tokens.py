"""How many tokens one request may send: against prompts that grew by accident."""

from __future__ import annotations

from faregate.core.limits.limit import Counters, Limits, Reached, Wish


def reached(limits: Limits, _so_far: Counters, wish: Wish) -> Reached | None:
    """Return the limit when the request may be longer."""
    most = limits.request_input_tokens
    if most is None or wish.input <= most:
        return None
    return Reached(limit="request_input_tokens", most=most, used=0, needed=wish.input)

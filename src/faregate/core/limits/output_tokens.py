"""How many tokens a session's answers may have, by what may yet come."""

from __future__ import annotations

from faregate.core.limits.limit import ON_CHANGE, Counters, Limits, Reached, Wish


def reached(limits: Limits, so_far: Counters, wish: Wish) -> Reached | None:
    """Return the limit when even the shortest answer could pass it."""
    most = limits.output_tokens
    if most is None:
        return None
    used = so_far.output_tokens + so_far.output_held
    if used + wish.output_least <= most:
        return None
    fits_later = so_far.output_tokens + wish.output_least <= most
    return Reached(
        limit="output_tokens",
        most=most,
        used=used,
        needed=wish.output_least,
        wait=ON_CHANGE if fits_later else None,
    )


def room(limits: Limits, so_far: Counters) -> int | None:
    """Return the output tokens that are left; None without a limit."""
    if limits.output_tokens is None:
        return None
    return limits.output_tokens - so_far.output_tokens - so_far.output_held

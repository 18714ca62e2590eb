"""How many tokens a session may send, by what was counted and what may yet be."""

from __future__ import annotations

from faregate.core.limits.limit import ON_CHANGE, Counters, Limits, Reached, Wish


def reached(limits: Limits, so_far: Counters, wish: Wish) -> Reached | None:
    """Return the limit when this request could pass it."""
    most = limits.input_tokens
    if most is None:
        return None
    used = so_far.input_tokens + so_far.input_held
    if used + wish.input <= most:
        return None
    fits_later = so_far.input_tokens + wish.input <= most
    return Reached(
        limit="input_tokens",
        most=most,
        used=used,
        needed=wish.input,
        wait=ON_CHANGE if fits_later else None,
    )

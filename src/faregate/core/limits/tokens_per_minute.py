"""How many tokens a session may use within any 60 seconds."""

from __future__ import annotations

from faregate.core.limits.limit import ON_CHANGE, Counters, Limits, Reached, Wish


def reached(limits: Limits, so_far: Counters, wish: Wish) -> Reached | None:
    """Return the limit when this request could pass it."""
    most = limits.tokens_per_minute
    if most is None:
        return None
    so_far.minute.forget(wish.now)
    held = so_far.input_held + so_far.output_held
    needed = wish.input + wish.output_least
    used = so_far.minute.tokens + held
    if used + needed <= most:
        return None
    wait = None
    if needed <= most:
        # Running requests may end sooner than the minute does.
        left = most - held - needed
        wait = ON_CHANGE
        if left >= 0:
            wait = so_far.minute.until_tokens(left, wish.now)
    return Reached(
        limit="tokens_per_minute", most=most, used=used, needed=needed, wait=wait
    )

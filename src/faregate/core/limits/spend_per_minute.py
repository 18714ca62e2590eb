"""How much money a session may spend within any 60 seconds: a brake, no budget."""

from __future__ import annotations

from faregate.core.limits.limit import ON_CHANGE, Counters, Limits, Reached, Wish
from faregate.core.money import Money


def reached(limits: Limits, so_far: Counters, wish: Wish) -> Reached | None:
    """Return the limit when this request could pass it."""
    most = limits.spend_per_minute
    if most is None:
        return None
    so_far.minute.forget(wish.now)
    used = so_far.minute.pico + so_far.cost_held
    if used + wish.cost.pico <= most.pico:
        return None
    wait = None
    if wish.cost <= most:
        left = most.pico - so_far.cost_held - wish.cost.pico
        wait = ON_CHANGE
        if left >= 0:
            wait = so_far.minute.until_pico(left, wish.now)
    return Reached(
        limit="spend_per_minute",
        most=most,
        used=Money(used),
        needed=wish.cost,
        wait=wait,
    )

"""How many tools a session's answers may have called."""

from __future__ import annotations

from faregate.core.limits.limit import Counters, Limits, Reached, Wish


def reached(limits: Limits, so_far: Counters, _wish: Wish) -> Reached | None:
    """Return the limit when answers have called as many tools.

    What the next answer will call nobody knows: one may call several at once.
    """
    most = limits.tool_calls
    if most is None or so_far.tool_calls < most:
        return None
    return Reached(limit="tool_calls", most=most, used=so_far.tool_calls)

"""All limits of a session, in the order in which they are asked.

Those that waiting cannot help come first: nobody should wait only to be refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.limits import (
    concurrency,
    input_tokens,
    output_tokens,
    request_input_tokens,
    request_output_tokens,
    requests,
    retries,
    spend_per_minute,
    tokens_per_minute,
    tool_calls,
    wall_clock,
)

if TYPE_CHECKING:
    from faregate.core.limits.limit import Check, Counters, Limits, Reached, Wish

CHECKS: tuple[Check, ...] = (
    wall_clock.reached,
    requests.reached,
    retries.reached,
    tool_calls.reached,
    request_input_tokens.reached,
    request_output_tokens.reached,
    input_tokens.reached,
    output_tokens.reached,
    spend_per_minute.reached,
    tokens_per_minute.reached,
    concurrency.reached,
)


def first_reached(limits: Limits, so_far: Counters, wish: Wish) -> Reached | None:
    """Return the first limit in the way; one that waiting helps only if no other."""
    waits: Reached | None = None
    for check in CHECKS:
        found = check(limits, so_far, wish)
        if found is None:
            continue
        if found.wait is None:
            return found
        waits = waits or found
    return waits


def room_for_output(limits: Limits, so_far: Counters) -> int | None:
    """Return the most output tokens that one answer may have now; None for any."""
    left, most = output_tokens.room(limits, so_far), limits.request_output_tokens
    if left is None or most is None:
        return most if left is None else left
    return min(left, most)

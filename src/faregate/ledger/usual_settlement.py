"""The settlement that nearly every request has, in as few words as it needs.

Owns the statements for a first attempt that was billed as it was held, with nothing
odd about it: text and values that only say "nothing" cost as much as the others.
Everything else is booked by `bookings` in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.usage import UsageSource

if TYPE_CHECKING:
    from faregate.core.holds import Settlement
    from faregate.ledger.open_hold import OpenHold

ATTEMPT = (
    "UPDATE attempt SET state='settled',ended_at_ms=?,cost=?,cost_source=?,"
    "price_source=?,uncached_input=?,cache_read=?,cache_write_5m=?,output=?,"
    "reasoning=?,usage_source=?,served_model=?,status=?,tool_calls=?,ttfb_ms=?,"
    "duration_ms=?,first_token_ms=? WHERE id=? AND state='held'"
)
SESSION = (
    "UPDATE session SET cost=cost+?1,input_tokens=input_tokens+?2,"
    "output_tokens=output_tokens+?3,cache_read_tokens=cache_read_tokens+?4,"
    "cache_write_tokens=cache_write_tokens+?5,tool_calls=tool_calls+?6,"
    "settled=settled+?7,attempts=attempts+?7,requests=requests+?7,context_tokens=?8,"
    "last_status=?9,last_error=NULL,last_at_ms=max(last_at_ms,?10)WHERE id=?11"
)
_REPORTED = UsageSource.REPORTED
_COUNTED_APART = frozenset({"estimated", "unpriced"})


def is_usual(settlement: Settlement, hold: OpenHold) -> bool:
    """Tell whether these statements say all that there is to say of an open hold."""
    usage = settlement.usage
    return (
        0 <= settlement.cost.pico <= hold.amount
        and hold.first
        and not hold.client_retry
        and 0 < settlement.status < 400
        and usage.source is _REPORTED
        and settlement.cost_source not in _COUNTED_APART
        and usage.reported_cost is None
        and settlement.note is None
        and settlement.fault is None
        and settlement.waste is None
        and settlement.verdict is None
        and not (settlement.wasted or usage.cache_write_1h or usage.server_tool_calls)
    )


def of_attempt(settlement: Settlement, hold: OpenHold) -> tuple[Any, ...]:
    """Return the values of `ATTEMPT`."""
    usage = settlement.usage
    return (
        settlement.at_ms,
        settlement.cost.pico,
        settlement.cost_source,
        settlement.price_source,
        usage.uncached_input,
        usage.cache_read,
        usage.cache_write_5m,
        usage.output,
        usage.reasoning,
        usage.source,
        settlement.served_model,
        settlement.status,
        settlement.tool_calls,
        settlement.ttfb_ms,
        settlement.duration_ms,
        settlement.first_token_ms,
        hold.id,
    )


def of_session(settlement: Settlement, hold: OpenHold) -> list[Any]:
    """Return the values of `SESSION`, to which others may be added."""
    usage = settlement.usage
    tokens = usage.input_tokens
    return [
        settlement.cost.pico,
        tokens,
        usage.output,
        usage.cache_read,
        usage.cache_write_5m,
        settlement.tool_calls,
        1,
        tokens,
        settlement.status,
        settlement.at_ms,
        hold.session,
    ]


def add(values: list[Any], settlement: Settlement) -> None:
    """Add a later settlement to the values of `SESSION`."""
    usage = settlement.usage
    tokens = usage.input_tokens
    values[0] += settlement.cost.pico
    values[1] += tokens
    values[2] += usage.output
    values[3] += usage.cache_read
    values[4] += usage.cache_write_5m
    values[5] += settlement.tool_calls
    values[6] += 1
    values[7] = tokens
    values[8] = settlement.status
    if settlement.at_ms > values[9]:
        values[9] = settlement.at_ms

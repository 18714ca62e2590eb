"""The settlement that nearly every request has, in as few words as it needs.

Owns the statements for a first attempt that was billed as it was held, with nothing
odd about it: text and values that only say "nothing" cost as much as the others.
Everything else is booked by `bookings` in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.holds import HoldState
from faregate.core.usage import UsageSource

if TYPE_CHECKING:
    from faregate.core.holds import Settlement
    from faregate.ledger.changes import Ending
    from faregate.ledger.holds import OpenHold

ATTEMPT = (
    "UPDATE attempt SET state='settled',ended_at_ms=?,cost=?,cost_source=?,"
    "price_source=?,uncached_input=?,cache_read=?,cache_write_5m=?,output=?,"
    "reasoning=?,usage_source=?,served_model=?,status=?,tool_calls=?,ttfb_ms=?,"
    "duration_ms=?,first_token_ms=? WHERE id=? AND state='held'"
)
SESSION = (
    "UPDATE session SET cost=cost+?,input_tokens=input_tokens+?,"
    "output_tokens=output_tokens+?,cache_read_tokens=cache_read_tokens+?,"
    "cache_write_tokens=cache_write_tokens+?,tool_calls=tool_calls+?,"
    "settled=settled+1,attempts=attempts+1,requests=requests+1,context_tokens=?,"
    "last_status=?,last_error=NULL,last_at_ms=max(last_at_ms,?)WHERE id=?"
)
_HELD, _REPORTED = HoldState.HELD, UsageSource.REPORTED
_COUNTED_APART = frozenset({"estimated", "unpriced"})


def is_usual(settlement: Settlement, ending: Ending, overrun: int) -> bool:
    """Tell whether these statements say all that there is to say."""
    hold, usage = ending.hold, settlement.usage
    return (
        ending.leaves is _HELD
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
        and not (
            overrun
            or settlement.wasted
            or usage.cache_write_1h
            or usage.server_tool_calls
        )
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


def of_session(settlement: Settlement, hold: OpenHold) -> tuple[Any, ...]:
    """Return the values of `SESSION`."""
    usage = settlement.usage
    tokens = usage.input_tokens
    return (
        settlement.cost.pico,
        tokens,
        usage.output,
        usage.cache_read,
        usage.cache_write_5m,
        settlement.tool_calls,
        tokens,
        settlement.status,
        settlement.at_ms,
        hold.session,
    )

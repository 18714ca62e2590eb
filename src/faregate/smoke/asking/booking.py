"""How the hold of one request ends, by what its answer proves about money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.holds import HoldState
from faregate.core.money import ZERO, Money
from faregate.core.side_spend import SpendEnd
from faregate.core.values import dataclass
from faregate.gateway.forwarding import NOT_DONE
from faregate.providers.spec import OnAbort

if TYPE_CHECKING:
    from datetime import datetime

    from faregate.core.estimate import Bounds
    from faregate.protocols.codec import Answer
    from faregate.smoke.asking.target import SmokeTarget

UNBILLED = frozenset({400, 401, 403, 404, 405, 413, 422, 429})
"""Statuses that no provider bills when no output came with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What is known when a request is over; times in seconds."""

    attempt: str
    held: Money
    bounds: Bounds
    answer: Answer
    status: int | None
    sent: bool
    stream: bool
    at: datetime
    ttfb_s: float | None
    duration_s: float
    why: str = ""


def ending(target: SmokeTarget, ended: Ended) -> SpendEnd:
    """Return how to book a request that is over."""
    if not ended.sent:
        return _end(ended, HoldState.VOIDED, ended.why or "nothing was sent")
    answer, status = ended.answer, ended.status
    if answer.usage is not None:
        cost = target.prices.cost(answer.usage, ended.at)
        row = target.prices.row
        return _end(
            ended,
            HoldState.SETTLED,
            ended.why,
            cost=cost.amount,
            cost_source=str(cost.source),
            price_source=None if row is None else row.source,
        )
    if _is_unbilled(target, answer, status):
        return _end(ended, HoldState.VOIDED, f"the provider answered {status}")
    if not ended.held or _stops_billing(target, ended):
        return _observed(target, ended)
    return _end(ended, HoldState.UNKNOWN, ended.why or f"it answered {status}")


def _is_unbilled(target: SmokeTarget, answer: Answer, status: int | None) -> bool:
    if answer.started or answer.output_bytes:
        return False
    return (
        status in UNBILLED
        or status in NOT_DONE
        or status in target.spec.unbilled_statuses
    )


def _stops_billing(target: SmokeTarget, ended: Ended) -> bool:
    """Tell whether what was seen of an answer without usage bounds its bill."""
    if ended.status is None or ended.status >= 300:
        return False
    seen = ended.stream or ended.answer.complete
    return seen and target.spec.on_abort is OnAbort.OBSERVED


def _observed(target: SmokeTarget, ended: Ended) -> SpendEnd:
    usage, cost, amount = target.prices.observed(
        ended.answer, ended.bounds, ended.held, ended.duration_s, ended.at
    )
    row = target.prices.row
    return SpendEnd(
        attempt=ended.attempt,
        state=HoldState.SETTLED,
        why=ended.why or "the answer carried no usage",
        cost=amount,
        cost_source=str(cost.source),
        price_source=None if row is None else row.source,
        usage=usage,
        status=ended.status,
        served_model=ended.answer.model,
        tool_calls=ended.answer.tool_calls,
        ttfb_ms=_ms(ended.ttfb_s),
        duration_ms=_ms(ended.duration_s),
    )


def _end(
    ended: Ended,
    state: HoldState,
    why: str,
    *,
    cost: Money = ZERO,
    cost_source: str = "",
    price_source: str | None = None,
) -> SpendEnd:
    return SpendEnd(
        attempt=ended.attempt,
        state=state,
        why=why,
        cost=cost,
        cost_source=cost_source,
        price_source=price_source,
        usage=ended.answer.usage,
        status=ended.status,
        served_model=ended.answer.model,
        tool_calls=ended.answer.tool_calls,
        ttfb_ms=_ms(ended.ttfb_s),
        duration_ms=_ms(ended.duration_s),
    )


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)

"""What one request of a run used up, by every sign that its answer gave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.core.pricing import CostSource
from faregate.core.values import dataclass
from faregate.smoke.rate_limits import RateLimit, read_rate_limits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from faregate.smoke.asking.prices import Prices
    from faregate.smoke.asking.transcript import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One request that was sent; money in USD."""

    at_s: float
    """When its headers came, in Unix seconds."""
    tokens: int | None = None
    """Input and output by the provider's own usage."""
    reported: Decimal | None = None
    """The cost that the answer states."""
    expected: Decimal | None = None
    """The cost by the price table; None where the model has no price."""
    limits: tuple[RateLimit, ...] = ()


def spent_of(transcripts: Iterable[Transcript], prices: Prices) -> tuple[Spent, ...]:
    """Return what each request used, in the order of their answers."""
    found = [_spent(one, prices) for one in transcripts if one.status is not None]
    return tuple(sorted(found, key=lambda one: one.at_s))


def _spent(asked: Transcript, prices: Prices) -> Spent:
    usage = asked.answer.usage
    at_s = asked.at_ms / 1000 + (asked.connect_s or 0.0) + (asked.ttfb_s or 0.0)
    limits = read_rate_limits(asked.headers, now=at_s)
    if usage is None:
        return Spent(at_s=at_s, limits=limits)
    began = datetime.fromtimestamp(asked.at_ms / 1000, UTC)
    priced = prices.cost(replace(usage, reported_cost=None), began)
    return Spent(
        at_s=at_s,
        tokens=usage.total_tokens,
        reported=None if usage.reported_cost is None else usage.reported_cost.decimal(),
        expected=(
            None if priced.source is CostSource.UNPRICED else priced.amount.decimal()
        ),
        limits=limits,
    )

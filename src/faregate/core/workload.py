"""What a workload costs a month under a price row: an estimate in exact integers."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from faregate.core.money import ZERO, Money
from faregate.core.pricing import cost_of
from faregate.core.usage import Usage, UsageSource
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from faregate.core.pricing import PriceRow

DAYS = 30
"""Days of the month that estimates speak of."""
_WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A month of requests that are all alike; tokens are those of one request."""

    requests: Decimal
    """In a month; may be a fraction."""
    uncached_input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0

    @property
    def usage(self) -> Usage:
        """Return what one request uses."""
        return Usage(
            uncached_input=self.uncached_input,
            cache_read=self.cache_read,
            cache_write_5m=self.cache_write,
            output=self.output,
            source=UsageSource.REPORTED,
        )


def workload_of(
    *,
    requests: Decimal,
    input_tokens: int,
    output_tokens: int,
    cached: Decimal = Decimal(0),
    cache_write: Decimal = Decimal(0),
) -> Workload:
    """Return a workload from shares of the input, 0 to 1; raise ValueError.

    What is written to the cache and what is read from it are parts of the input.
    """
    if min(requests, cached, cache_write) < 0 or min(input_tokens, output_tokens) < 0:
        raise ValueError("nothing of a workload is below zero")
    if cached + cache_write > 1:
        raise ValueError("the cached share and the written one are more than the input")
    read = _rounded(input_tokens * cached)
    written = min(_rounded(input_tokens * cache_write), input_tokens - read)
    return Workload(
        requests=requests,
        uncached_input=input_tokens - read - written,
        cache_read=read,
        cache_write=written,
        output=output_tokens,
    )


def per_request(workload: Workload, row: PriceRow, at: datetime) -> Money:
    """Return what one request of the workload costs at an aware instant."""
    return cost_of(workload.usage, row, at).amount


def per_month(workload: Workload, row: PriceRow, at: datetime) -> Money:
    """Return what the workload costs a month, rounded up."""
    return _times(per_request(workload, row, at), workload.requests)


def on_a_route(
    workload: Workload,
    rows: Sequence[PriceRow],
    escalated: Decimal,
    at: datetime,
) -> Money:
    """Return a month on a route that begins at the first row.

    A share of the requests, 0 to 1, is asked once more of the next row; what the
    first answer cost is lost then.
    """
    if not rows:
        return ZERO
    first = per_month(workload, rows[0], at)
    if len(rows) == 1 or not escalated:
        return first
    return first + _times(per_month(workload, rows[1], at), escalated)


def _times(amount: Money, factor: Decimal) -> Money:
    return Money(int((amount.pico * factor).to_integral_value(ROUND_CEILING)))


def _rounded(tokens: Decimal) -> int:
    return int(tokens.quantize(_WHOLE))

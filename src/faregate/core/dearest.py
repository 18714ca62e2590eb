"""The worst case: what a request within its bounds can cost at most.

Owns the dearest rates of a price row, which size a hold. What they are is worked out
once for each row.
"""

from __future__ import annotations

from faregate.core.money import Money
from faregate.core.pricing import ONE, CacheWrite, PriceRow, Rates, Ratio, scaled


def dearest_rates(row: PriceRow, input_bound: int, cache_write: CacheWrite) -> Rates:
    """Return the dearest rates that a request of at most `input_bound` can meet.

    Each rate is the maximum over every tier in reach and every window of the week;
    `input` is raised to the most that one input token can cost, cache writes of
    the given kind included.
    """
    if row.writes_cache and cache_write is CacheWrite.NONE:
        cache_write = CacheWrite.FIVE_MINUTES
    dearest = row.base
    # Most rows have neither; walking none of them is worth a branch.
    if row.tiers or row.windows:
        dearest = _dearest_in_reach(row, input_bound)
    most = dearest.dearest_input(cache_write)
    if most == dearest.input:
        return dearest
    return Rates(
        input=most,
        cache_read=dearest.cache_read,
        cache_write_5m=dearest.cache_write_5m,
        cache_write_1h=dearest.cache_write_1h,
        output=dearest.output,
    )


def _dearest_in_reach(row: PriceRow, input_bound: int) -> Rates:
    in_reach = [tier.rates for tier in row.tiers if tier.above_input < input_bound]
    factors = [ONE, *(window.multiplier for window in row.windows)]
    dearest = row.base
    for rates in [row.base, *in_reach]:
        for factor in factors:
            dearest = dearest.dearer(rates.times(factor))
    return dearest


_REMEMBERED = 1024
_rates: dict[tuple[int, int, CacheWrite, Ratio], tuple[PriceRow, Rates]] = {}


def _held_rates(
    row: PriceRow, input_bound: int, cache_write: CacheWrite, multiplier: Ratio
) -> Rates:
    """Return the dearest rates of a request, worked out once for each row.

    How many tiers are in reach says which they are.
    """
    reached = 0
    for tier in row.tiers:
        reached += tier.above_input < input_bound
    key = (id(row), reached, cache_write, multiplier)
    found = _rates.get(key)
    if found is not None and found[0] is row:
        return found[1]
    rates = dearest_rates(row, input_bound, cache_write).times(multiplier)
    if len(_rates) >= _REMEMBERED:
        _rates.clear()
    _rates[key] = row, rates
    return rates


def worst_case(
    row: PriceRow,
    *,
    input_bound: int,
    output_bound: int,
    choices: int = 1,
    cache_write: CacheWrite = CacheWrite.UNKNOWN,
    server_tool_calls: int = 0,
    multiplier: Ratio = ONE,
) -> Money:
    """Return the most that a request within these bounds can cost: its hold.

    `output_bound` is per choice. Where the provider runs tools it bills the input
    again for each round; the caller counts that into `input_bound`. `multiplier`
    is the dearest service class and region that could apply.
    """
    rates = _held_rates(row, input_bound, cache_write, multiplier)
    listed = (
        rates.input * input_bound
        + rates.output * output_bound * choices
        + row.fee_per_server_tool_call * server_tool_calls
    )
    return Money(scaled(listed, row.hold_margin))

"""The hold against every bill there can be, over all small cases."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from faregate.core.dearest import worst_case
from faregate.core.pricing import (
    CacheWrite,
    PriceRow,
    Rates,
    Tier,
    Window,
    cost_of,
)
from faregate.core.usage import Usage

MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONDAY_NIGHT = datetime(2026, 11, 23, 0, tzinfo=UTC)
NOON = Window(days=frozenset({0}), start_minute=720, end_minute=721, multiplier=(5, 2))
MOST_INPUT = 3

# Each counter is the dearest of one of them.
RATES = (
    Rates(input=9, cache_read=1, cache_write_5m=2, cache_write_1h=3, output=5),
    Rates(input=3, cache_read=9, cache_write_5m=1, cache_write_1h=2, output=5),
    Rates(input=2, cache_read=1, cache_write_5m=9, cache_write_1h=3, output=5),
    Rates(input=2, cache_read=1, cache_write_5m=3, cache_write_1h=9, output=5),
)
DEARER = Rates(input=20, cache_read=21, cache_write_5m=22, cache_write_1h=23, output=24)
CHEAPER = Rates(input=0, cache_read=0, cache_write_5m=0, cache_write_1h=0, output=0)
TIERS = (
    (),
    *((Tier(above_input=above, rates=DEARER),) for above in range(3)),
    (Tier(above_input=0, rates=DEARER), Tier(above_input=1, rates=CHEAPER)),
    (Tier(above_input=1, rates=CHEAPER), Tier(above_input=2, rates=DEARER)),
)
ALLOWED = {
    CacheWrite.NONE: (False, False),
    CacheWrite.FIVE_MINUTES: (True, False),
    CacheWrite.ONE_HOUR: (True, True),
    CacheWrite.UNKNOWN: (True, True),
}


def inputs(bound: int, *, short: bool, long: bool) -> list[Usage]:
    """Every way to spread at most `bound` tokens over the counters."""
    counts = range(bound + 1)
    return [
        Usage(
            uncached_input=plain,
            cache_read=read,
            cache_write_5m=write_5m,
            cache_write_1h=write_1h,
            output=2,
            server_tool_calls=1,
        )
        for plain, read, write_5m, write_1h in product(counts, repeat=4)
        if plain + read + write_5m + write_1h <= bound
        and (short or not write_5m)
        and (long or not write_1h)
    ]


@pytest.mark.parametrize("cache_write", list(CacheWrite))
@pytest.mark.parametrize("writes_cache", [False, True])
def test_no_small_bill_is_above_its_hold_and_one_reaches_it(
    cache_write: CacheWrite, writes_cache: bool
) -> None:
    short, long = ALLOWED[cache_write]
    for base, tiers, windows, bound in product(
        RATES, TIERS, [(), (NOON,)], range(MOST_INPUT + 1)
    ):
        row = PriceRow(
            provider="p",
            model="m",
            base=base,
            tiers=tiers,
            windows=windows,
            source="bundled",
            fee_per_server_tool_call=7,
            writes_cache=writes_cache,
        )
        hold = worst_case(
            row,
            input_bound=bound,
            output_bound=1,
            choices=2,
            cache_write=cache_write,
            server_tool_calls=1,
        )
        bills = [
            cost_of(usage, row, at).amount
            for usage in inputs(bound, short=short or writes_cache, long=long)
            for at in (MONDAY_NOON, MONDAY_NIGHT)
        ]
        assert max(bills) <= hold
        if not tiers:
            assert max(bills) == hold

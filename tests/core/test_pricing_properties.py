"""The promise a cap rests on: no bill is above the hold for the same bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.dearest import dearest_rates, worst_case
from faregate.core.money import ZERO
from faregate.core.pricing import (
    ONE,
    CacheWrite,
    PriceRow,
    Rates,
    Ratio,
    Tier,
    Window,
    cost_of,
)
from faregate.core.usage import Usage

LONGEST = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a request says of itself before it is sent."""

    input: int
    output: int
    choices: int
    cache_write: CacheWrite
    server_tool_calls: int


rate = st.integers(min_value=0, max_value=10**10)
rates = st.builds(
    Rates,
    input=rate,
    cache_read=rate,
    cache_write_5m=rate,
    cache_write_1h=rate,
    output=rate,
)
ratio = st.tuples(st.integers(1, 60), st.integers(1, 60))
at_least_one = ratio.map(lambda r: (max(r), min(r)))
# Few bounds, so that tiers and requests meet at their edges.
near = st.integers(0, 5) | st.integers(0, LONGEST)
tier = st.builds(Tier, above_input=near, rates=rates)
minutes = st.lists(st.integers(0, 1440), min_size=2, max_size=2, unique=True).map(
    sorted
)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start, end = draw(minutes)
    return Window(
        days=draw(st.frozensets(st.integers(0, 6), min_size=1)),
        start_minute=start,
        end_minute=end,
        multiplier=draw(ratio),
    )


# Mostly neither margin nor fee, so that nothing hides a hold that is too small.
rows = st.builds(
    PriceRow,
    provider=st.just("p"),
    model=st.just("m"),
    base=rates,
    tiers=st.lists(tier, max_size=2).map(tuple),
    windows=st.lists(windows(), max_size=2).map(tuple),
    source=st.just("bundled"),
    fee_per_server_tool_call=st.just(0) | st.integers(0, 10**11),
    writes_cache=st.booleans(),
    hold_margin=st.just(ONE) | at_least_one,
)
instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11, minutes=-30))]),
)


@st.composite
def bounds_at_edges(draw: st.DrawFn, row: PriceRow) -> Bounds:
    """Any bounds, most of them where a tier of the row begins."""
    edges = [near, *(st.integers(t.above_input, t.above_input + 2) for t in row.tiers)]
    return Bounds(
        input=draw(st.one_of(edges)),
        output=draw(near),
        choices=draw(st.integers(1, 8)),
        cache_write=draw(st.sampled_from(CacheWrite)),
        server_tool_calls=draw(st.integers(0, 20)),
    )


@st.composite
def within(draw: st.DrawFn, row: PriceRow, bound: Bounds) -> Usage:
    """Any usage that the bounds allow, most of them as large as can be."""
    kinds = ["uncached_input", "cache_read"]
    asked = bound.cache_write is not CacheWrite.NONE
    if asked or row.writes_cache:
        kinds.append("cache_write_5m")
    if bound.cache_write in {CacheWrite.ONE_HOUR, CacheWrite.UNKNOWN}:
        kinds.append("cache_write_1h")
    left = draw(st.just(bound.input) | st.integers(0, bound.input))
    counts: dict[str, int] = {}
    for kind in draw(st.permutations(kinds)):
        counts[kind] = draw(st.just(left) | st.integers(0, left))
        left -= counts[kind]
    most = bound.output * bound.choices
    calls = bound.server_tool_calls
    return Usage(
        uncached_input=counts["uncached_input"],
        cache_read=counts["cache_read"],
        cache_write_5m=counts.get("cache_write_5m", 0),
        cache_write_1h=counts.get("cache_write_1h", 0),
        output=draw(st.just(most) | st.integers(0, most)),
        server_tool_calls=draw(st.just(calls) | st.integers(0, calls)),
    )


@st.composite
def instants_at_edges(draw: st.DrawFn, row: PriceRow) -> datetime:
    """Any instant, most of them inside a window of the row or at its edge."""
    if not row.windows or draw(st.integers(0, 4)) == 0:
        return draw(instants)
    window = draw(st.sampled_from(row.windows))
    minute = draw(st.sampled_from([window.start_minute, window.end_minute - 1]))
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    day = timedelta(days=draw(st.sampled_from(sorted(window.days))))
    return monday + day + timedelta(minutes=minute)


def hold(row: PriceRow, bound: Bounds, multiplier: Ratio = ONE) -> int:
    return worst_case(
        row,
        input_bound=bound.input,
        output_bound=bound.output,
        choices=bound.choices,
        cache_write=bound.cache_write,
        server_tool_calls=bound.server_tool_calls,
        multiplier=multiplier,
    ).pico


@settings(max_examples=100, deadline=None)
@given(st.data(), rows, at_least_one)
def test_no_bill_is_above_its_hold(
    data: st.DataObject, row: PriceRow, multiplier: Ratio
) -> None:
    bound = data.draw(bounds_at_edges(row))
    usage = data.draw(within(row, bound))
    at = data.draw(instants_at_edges(row))
    bill = cost_of(usage, row, at).amount.pico
    dearer = cost_of(usage, row, at, multiplier=multiplier).amount.pico
    assert bill <= hold(row, bound) <= hold(row, bound, multiplier)
    assert bill <= dearer <= hold(row, bound, multiplier)


@settings(max_examples=100, deadline=None)
@given(st.data(), rows)
def test_the_lines_of_a_bill_add_up(data: st.DataObject, row: PriceRow) -> None:
    usage = data.draw(within(row, data.draw(bounds_at_edges(row))))
    cost = cost_of(usage, row, data.draw(instants_at_edges(row)))
    assert sum((line.amount for line in cost.lines), ZERO) == cost.amount
    assert all(line.amount.pico == line.count * line.rate for line in cost.lines)
    assert sum(line.count for line in cost.lines) == (
        usage.total_tokens + usage.server_tool_calls
    )


@settings(max_examples=100, deadline=None)
@given(st.data(), rows)
def test_a_larger_bound_never_has_a_smaller_hold(
    data: st.DataObject, row: PriceRow
) -> None:
    bound = data.draw(bounds_at_edges(row))
    larger = Bounds(
        input=bound.input + 1,
        output=bound.output + 1,
        choices=bound.choices + 1,
        cache_write=CacheWrite.UNKNOWN,
        server_tool_calls=bound.server_tool_calls + 1,
    )
    assert hold(row, bound) <= hold(row, larger)


@settings(max_examples=100, deadline=None)
@given(st.data(), rates)
def test_the_hold_of_one_plain_price_is_reached(
    data: st.DataObject, price: Rates
) -> None:
    row = PriceRow(provider="p", model="m", base=price, source="bundled")
    bound = data.draw(bounds_at_edges(row))
    dearest = dearest_rates(row, bound.input, bound.cache_write).input
    usages = [
        Usage(uncached_input=bound.input),
        Usage(cache_read=bound.input),
        Usage(cache_write_5m=bound.input),
        Usage(cache_write_1h=bound.input),
    ]
    prices = [
        price.input,
        price.cache_read,
        price.cache_write_5m,
        price.cache_write_1h,
    ]
    usage = replace(
        usages[prices.index(dearest)],
        output=bound.output * bound.choices,
        server_tool_calls=bound.server_tool_calls,
    )
    at = datetime(2026, 11, 23, tzinfo=UTC)
    assert cost_of(usage, row, at).amount.pico == hold(row, bound)

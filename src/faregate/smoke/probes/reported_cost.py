"""Asks: does what was billed agree with the price table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.core.money import ZERO, Money
from faregate.smoke.context import Profile
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import passed, skipped, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_LOW, _HIGH = 80, 125
"""Percent of the expected price within which a bill is as expected."""


async def run(ctx: ProbeContext) -> Finding:
    """Compare costs that answers stated with what the table makes of their usage."""
    prices = ctx.target.prices
    if not prices.metered:
        source = "unknown" if prices.row is None else prices.row.source
        return skipped(f"nothing is billed by the token: {source}")
    told = expected = spent = ZERO
    for asked in ctx.transcripts:
        usage = asked.answer.usage
        spent += asked.cost
        if usage is None or usage.reported_cost is None:
            continue
        at = datetime.fromtimestamp(asked.at_ms / 1000, UTC)
        told += usage.reported_cost
        expected += prices.cost(replace(usage, reported_cost=None), at).amount
    if not told or not expected:
        return passed(f"about {spent} by the price table", method="estimate")
    percent = told.pico * 100 // expected.pico
    seen = f"{told} reported, {expected} by the price table ({percent} %)"
    if _LOW <= percent <= _HIGH:
        return passed(seen, method="reported", percent=percent)
    return warned(
        seen,
        "the price table is out of date for this model, or something else is billed",
        _fix(ctx, told),
        method="reported",
        percent=percent,
    )


def _fix(ctx: ProbeContext, told: Money) -> str:
    del told
    return f'correct [prices."{ctx.target.name}"] in config.toml'


PROBE = Probe(
    id="reported_cost",
    title="Price",
    group=Group.USAGE,
    profile=Profile.QUICK,
    run=run,
    needs=("basic",),
)

"""Asks: do answers say how much may still be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.rate_limits import RateLimit, read_rate_limits
from faregate.smoke.verdict import passed, unsupported

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Read the headers of an ordinary answer."""
    asked = await text_stream(ctx)
    limits = read_rate_limits(asked.headers, now=asked.at_ms / 1000)
    if not limits:
        return unsupported("no rate-limit headers")
    best = max(limits, key=lambda limit: limit.told)
    return passed(_shown(best), families=len(limits), complete=best.told == 3)


def _shown(limit: RateLimit) -> str:
    what = limit.what or "requests"
    remaining = "?" if limit.remaining is None else str(limit.remaining)
    most = "?" if limit.limit is None else str(limit.limit)
    reset = "" if limit.reset_s is None else f", back in {limit.reset_s:.1f} s"
    return f"{remaining} of {most} {what} left{reset}"


PROBE = Probe(
    id="rate_headers",
    title="Rate-limit headers",
    group=Group.LIMITS,
    profile=Profile.QUICK,
    run=run,
    needs=("basic",),
)

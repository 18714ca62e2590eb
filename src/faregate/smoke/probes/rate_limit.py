"""Asks: what does a rate limit look like when it is reached."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.core.retry_after import retry_after
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import Form, form_of, shown
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.rate_limits import read_rate_limits
from faregate.smoke.verdict import failed, passed, skipped, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

MOST = 20
_TOGETHER = 5
_LONGEST_WAIT = 60.0


async def run(ctx: ProbeContext) -> Finding:
    """Send a short, bounded burst of tiny requests."""
    allowed = await _how_many(ctx)
    if allowed is None:
        return skipped(f"the limit is beyond a burst of {MOST} requests")
    sent = 0
    while sent < allowed:
        count = min(_TOGETHER, allowed - sent)
        sent += count
        wanted = Wanted(prompt="Say hello.", max_output=16)
        burst = await asyncio.gather(
            *(ctx.ask(wanted, deadline_s=ctx.patience.error_s) for _ in range(count))
        )
        limited = next((t for t in burst if t.status == 429), None)
        if limited is not None:
            return _judge(ctx, limited, sent)
    return skipped(f"{sent} requests in a burst met no limit", requests=sent)


async def _how_many(ctx: ProbeContext) -> int | None:
    asked = await text_stream(ctx)
    limits = read_rate_limits(asked.headers, now=asked.at_ms / 1000)
    left = [
        limit.remaining
        for limit in limits
        if limit.remaining is not None and limit.what in {"requests", ""}
    ]
    if not left:
        return MOST
    return None if min(left) + 1 > MOST else min(min(left) + 5, MOST)


def _judge(ctx: ProbeContext, limited: Transcript, sent: int) -> Finding:
    seen = shown(limited, ctx.secret)
    wait = retry_after(limited.headers, now=limited.at_ms / 1000)
    if form_of(limited) not in {Form.JSON, Form.ARRAY}:
        return failed(
            f"{seen} (no JSON error)",
            "agents do not see why, and send again at once",
            "no action behind Faregate, which obeys limits itself",
            requests=sent,
        )
    if wait is None or wait > _LONGEST_WAIT:
        told = "no Retry-After" if wait is None else f"Retry-After {wait:.0f} s"
        return warned(
            f"{seen} ({told})",
            "agents wait too long or send again too soon",
            "no action behind Faregate, which caps the wait",
            requests=sent,
            retry_after_s=wait,
        )
    return passed(f"{seen}, again in {wait:.0f} s", requests=sent, retry_after_s=wait)


PROBE = Probe(
    id="rate_limit",
    title="Rate limit",
    group=Group.LIMITS,
    profile=Profile.COSTLY,
    run=run,
    requests=MOST,
    input_tokens=MOST * 10,
    output_tokens=MOST * 16,
    needs=("basic",),
)

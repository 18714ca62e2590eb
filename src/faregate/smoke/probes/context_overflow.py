"""Asks: what happens when a prompt is longer than the model's window."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import Form, form_of, message_of, shown
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, skipped, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

SMALL_WINDOW = 16_384
_SAYS_WHY = re.compile(r"\d{3,}|context|too long|too large|token", re.IGNORECASE)


async def run(ctx: ProbeContext) -> Finding:
    """Send about a third more words than the window has tokens."""
    window = ctx.window
    if window is None:
        return skipped("the window is not known: set [models] context")
    if window > SMALL_WINDOW and ctx.profile is not Profile.COSTLY:
        return skipped(f"a window of {window} tokens is for --profile costly")
    wanted = Wanted(prompt="word " * (window * 4 // 3), max_output=16)
    asked = await ctx.ask(wanted, deadline_s=ctx.patience.error_s)
    seen = shown(asked, ctx.secret)
    if form_of(asked) is Form.ANSWER or asked.status == 200:
        return failed(
            f"200 for {window * 4 // 3} words in a window of {window}",
            "the prompt was cut without a word: the model works on half of it",
            "let agents compact earlier: set their context limit below the window",
            status=asked.status,
        )
    if asked.status not in {400, 413, 422}:
        return failed(
            seen,
            "agents compact their history on a clear refusal only; this one they repeat",
            "set the agent's context limit below the window",
            status=asked.status,
        )
    if _SAYS_WHY.search(message_of(asked)):
        return passed(seen, status=asked.status, window=window)
    return warned(
        f"{seen} (neither a number nor the word context)",
        "agents do not recognise it and do not compact",
        "set the agent's context limit below the window",
        status=asked.status,
    )


PROBE = Probe(
    id="context_overflow",
    title="Too long a prompt",
    group=Group.ERRORS,
    profile=Profile.FULL,
    run=run,
    requests=1,
    needs=("basic",),
)

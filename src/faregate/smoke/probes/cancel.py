"""Asks: can an answer be broken off, and does the next request work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.exchanges import TEXT_OUTPUT, numbers
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, skipped

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_AFTER = 3


async def run(ctx: ProbeContext) -> Finding:
    """Hang up after the third piece, then ask something small."""
    cut = await ctx.ask(
        Wanted(prompt=numbers(ctx.nonce), stream=True, max_output=TEXT_OUTPUT),
        until=lambda recorder: recorder.deltas >= _AFTER,
    )
    if cut.status != 200 or cut.error is not None:
        return no_answer(ctx.target, cut)
    if not cut.aborted:
        return skipped("the answer was over before it could be broken off")
    after = await ctx.ask(Wanted(prompt="Say hello.", max_output=16))
    if not after.ok:
        return failed(
            "the request after an answer that was broken off failed",
            "a person's Esc blocks the agent for a while",
            "wait a moment after Esc, or use another target",
            status=after.status,
        )
    return passed(
        "broken off after three pieces; the next request works. Who bills the rest is "
        "known for no provider",
        seen_bytes=cut.answer.output_bytes,
        next_s=round(after.duration_s, 3),
    )


PROBE = Probe(
    id="cancel",
    title="Client cancel",
    group=Group.STREAM,
    profile=Profile.FULL,
    run=run,
    requests=2,
    input_tokens=70,
    output_tokens=TEXT_OUTPUT + 16,
    needs=("basic",),
)

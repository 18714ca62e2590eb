"""Asks: are log probabilities given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.spec import OPENAI_CHAT
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import names, shown
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import passed, unsupported

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Ask for them."""
    asked = await ctx.ask(Wanted(prompt="Say hello.", max_output=16, logprobs=True))
    if asked.status in {400, 403, 404, 422, 501} and names(asked, "logprobs"):
        return unsupported(f"refused: {shown(asked, ctx.secret)}")
    if not asked.ok:
        return no_answer(ctx.target, asked)
    if asked.said.logprobs:
        return passed("given for each token")
    return unsupported("asked for and not given")


PROBE = Probe(
    id="logprobs",
    title="Log probabilities",
    group=Group.CHAT,
    profile=Profile.FULL,
    run=run,
    requests=1,
    input_tokens=10,
    output_tokens=16,
    needs=("basic",),
    protocols=frozenset({OPENAI_CHAT}),
)

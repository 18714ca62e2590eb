"""Asks: is a stream valid when nobody asks for usage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.spec import OPENAI_CHAT
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Stream without include_usage."""
    wanted = Wanted(prompt="Say hello.", stream=True, max_output=64, ask_usage=False)
    asked = await ctx.ask(wanted)
    if asked.status != 200 or asked.broke is not None or asked.error is not None:
        return no_answer(ctx.target, asked)
    if not asked.said.finishes:
        return failed(
            "no finish reason without include_usage",
            "agents that do not ask for usage get answers that seem cut",
            "turn include_usage on in the agent; Faregate always does",
        )
    sent = bool(asked.said.usages)
    words = "usage is sent anyway" if sent else "no usage, as it should be"
    return passed(f"a valid stream; {words}", usage_unasked=sent)


PROBE = Probe(
    id="usage_unasked",
    title="Usage not asked for",
    group=Group.USAGE,
    profile=Profile.FULL,
    run=run,
    requests=1,
    input_tokens=10,
    output_tokens=64,
    needs=("basic",),
    protocols=frozenset({OPENAI_CHAT}),
)

"""Asks: does the system prompt reach the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_PROMPT = "Say hello."
_BYTES_A_TOKEN = 8
"""Hardly a tokenizer packs more into one, so fewer tokens mean that text is missing."""


async def run(ctx: ProbeContext) -> Finding:
    """Give a rule that shows in the answer."""
    system = (
        f"Rule: end every answer with the code {ctx.nonce}. This rule holds always, "
        "whatever the user says, and in every language."
    )
    asked = await ctx.ask(Wanted(prompt=_PROMPT, system=system, max_output=128))
    if not asked.ok:
        return no_answer(ctx.target, asked)
    if ctx.nonce in asked.said.text:
        return passed("its rule is obeyed")
    usage = asked.answer.usage
    arrived = usage is not None and usage.input_tokens * _BYTES_A_TOKEN > len(system)
    if arrived:
        return warned(
            "it was counted and not obeyed",
            "the model does not follow its instructions: too weak for agents",
            "use a stronger model for agents",
        )
    return failed(
        "the rule is not obeyed",
        "agents put all their rules there: they do not hold",
        "use another protocol or target",
    )


PROBE = Probe(
    id="system",
    title="System prompt",
    group=Group.CHAT,
    profile=Profile.FULL,
    run=run,
    requests=1,
    input_tokens=60,
    output_tokens=128,
    needs=("basic",),
)

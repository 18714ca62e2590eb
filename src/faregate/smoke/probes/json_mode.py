"""Asks: does JSON mode bring JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.spec import ANTHROPIC_MESSAGES, PROTOCOLS
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import names, shown
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.reading import Finish, parsed
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import passed, unsupported, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

FIELDS = ("response_format", "text.format", "json_object", "responseMimeType")


async def run(ctx: ProbeContext) -> Finding:
    """Ask for an object."""
    prompt = 'Return a JSON object with the key "capital": the capital of France.'
    asked = await ctx.ask(Wanted(prompt=prompt, max_output=128, json_mode=True))
    if asked.status in {400, 404, 422, 501} and names(asked, *FIELDS, "json"):
        return unsupported(f"refused: {shown(asked, ctx.secret)}")
    if not asked.ok:
        return no_answer(ctx.target, asked)
    value = parsed(asked.said.text)
    if isinstance(value, dict):
        return passed(scrub(asked.said.text, ctx.secret, limit=60))
    if asked.finish is Finish.LENGTH:
        return warned(
            f"cut before it was whole: {scrub(asked.said.text, ctx.secret, limit=60)}",
            "nobody can tell whether it would have been JSON",
            "give this model more output tokens for JSON",
        )
    return warned(
        f"no JSON: {scrub(asked.said.text, ctx.secret, limit=60)}",
        "the mode is not supported, and not refused: agents stop with a parse error",
        "ask for JSON in the prompt, and check it, with this target",
    )


PROBE = Probe(
    id="json_mode",
    title="JSON mode",
    group=Group.CHAT,
    profile=Profile.FULL,
    run=run,
    requests=1,
    input_tokens=30,
    output_tokens=128,
    needs=("basic",),
    protocols=PROTOCOLS - {ANTHROPIC_MESSAGES},
)

"""Asks: does a stop sequence end the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.spec import OPENAI_RESPONSES, PROTOCOLS
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import names, shown
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.reading import Finish
from faregate.smoke.verdict import failed, passed, skipped, unsupported

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

WORD = "STOPHERE"


async def run(ctx: ProbeContext) -> Finding:
    """Ask for a text that holds the stop sequence in its middle."""
    prompt = f"Repeat exactly: alpha beta gamma {WORD} delta epsilon"
    asked = await ctx.ask(Wanted(prompt=prompt, max_output=64, stop=WORD))
    if asked.status in {400, 422} and names(asked, "stop"):
        return unsupported(f"refused: {shown(asked, ctx.secret)}")
    if not asked.ok:
        return no_answer(ctx.target, asked)
    text = asked.said.text
    if WORD in text or "delta" in text:
        return failed(
            "the answer went on behind the stop sequence",
            "agents that rely on it pay for text that they throw away",
            "do not rely on stop sequences with this target",
        )
    if "gamma" in text and asked.finish is Finish.STOP:
        return passed("it ended before the stop sequence")
    return skipped("the answer never came to the stop sequence: nothing to judge")


PROBE = Probe(
    id="stop",
    title="Stop sequence",
    group=Group.CHAT,
    profile=Profile.FULL,
    run=run,
    requests=1,
    input_tokens=30,
    output_tokens=64,
    needs=("basic",),
    protocols=PROTOCOLS - {OPENAI_RESPONSES},
)

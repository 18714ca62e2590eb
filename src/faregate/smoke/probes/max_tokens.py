"""Asks: is the output bound kept, and in which field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import names
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.reading import Finish
from faregate.smoke.verdict import failed, passed, skipped, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding

BOUND = 16
"""The least that every provider accepts."""
_A_FEW = 4
"""Tokens beyond the bound that are a way of counting, not a bound ignored."""


async def run(ctx: ProbeContext) -> Finding:
    """Ask for an answer of some hundred tokens within a few.

    No longer one: where the bound is ignored, all of it is billed.
    """
    fields = list(ctx.dialect.output_fields)
    if ctx.output_field in fields:
        fields.remove(ctx.output_field)
        fields.insert(0, ctx.output_field)
    while True:
        field = fields.pop(0)
        asked = await ctx.ask(
            Wanted(
                prompt="Write the numbers from one to sixty as English words.",
                max_output=BOUND,
                output_field=field,
            )
        )
        refused = asked.status in {400, 422} and names(asked, field)
        if not refused or not fields:
            return _judge(ctx, asked, field)


def _judge(ctx: ProbeContext, asked: Transcript, field: str) -> Finding:
    if not asked.ok:
        return no_answer(ctx.target, asked)
    usage = asked.answer.usage
    output = None if usage is None else usage.output
    facts: dict[str, Fact] = {"field": field, "bound": BOUND, "output": output}
    ignored = output is not None and output > BOUND + _A_FEW
    # Without usage, a token is taken to be at most 16 bytes of text.
    ignored = ignored or (output is None and asked.answer.output_bytes > BOUND * 16)
    if ignored:
        wrote = (
            f"{asked.answer.output_bytes} bytes"
            if output is None
            else f"{output} tokens"
        )
        return failed(
            f"{wrote} within a bound of {BOUND} in {field}",
            "an answer has no upper price here: a hold can be too small",
            f'set [models."{ctx.target.name}"] output_field, or use another target',
            **facts,
        )
    if output is not None and output > BOUND:
        return warned(
            f"{output} tokens within a bound of {BOUND} in {field}",
            "a hold can be too small by as much",
            "no action, unless agents here ask for very short answers",
            **facts,
        )
    if asked.finish is Finish.LENGTH:
        told = "" if output is None else f", {output} tokens"
        return passed(f"{field} {BOUND}: finish is length{told}", **facts)
    if asked.finish is Finish.STOP and output is not None and output < BOUND:
        return skipped(
            f"the answer ended by itself after {output} tokens: nothing to judge"
        )
    finish = "none" if asked.finish is None else asked.finish.value
    told = "" if output is None else f" after {output} tokens"
    return warned(
        f"{field} {BOUND}: finish is {finish}{told}",
        "agents cannot tell a cut answer from a whole one",
        "give agents of this target a large output bound",
        **facts,
    )


PROBE = Probe(
    id="max_tokens",
    title="Output bound",
    group=Group.CHAT,
    profile=Profile.QUICK,
    run=run,
    requests=1,
    input_tokens=20,
    output_tokens=BOUND,
    needs=("basic",),
)

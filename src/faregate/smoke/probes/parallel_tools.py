"""Asks: are parallel calls made, and is tool_choice kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import names, shown
from faregate.smoke.exchanges import TOOL_OUTPUT, WEATHER, weather
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.tool_calls import problems
from faregate.smoke.verdict import failed, passed, unsupported, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Require calls for two cities, then forbid them."""
    two = Wanted(
        prompt="What is the weather in Paris and in Rome, in celsius? Ask for both.",
        tools=(WEATHER,),
        tool_choice="required",
        max_output=TOOL_OUTPUT,
    )
    asked = await ctx.ask(two)
    if asked.status in {400, 422} and names(asked, "tool_choice", "toolConfig"):
        return unsupported(f"tool_choice is refused: {shown(asked, ctx.secret)}")
    if not asked.ok:
        return no_answer(ctx.target, asked)
    calls = len(asked.said.calls)
    wrong = (
        problems(asked, (WEATHER,)) if calls else ["no call although one is required"]
    )
    if wrong:
        return failed(
            scrub("; ".join(wrong), ctx.secret),
            "agents that force a tool get text, or calls that they cannot run",
            "do not force tools with this target",
            calls=calls,
        )
    return await _forbidden(ctx, calls)


async def _forbidden(ctx: ProbeContext, calls: int) -> Finding:
    none = await ctx.ask(replace(weather(), tool_choice="none"))
    if none.status in {400, 422}:
        return unsupported(f"tool_choice none is refused: {shown(none, ctx.secret)}")
    if none.said.calls:
        return warned(
            "it called a tool although tool_choice is none",
            "agents that want a summary get another call, and pay for it",
            "take the tools out of such requests",
            calls=calls,
        )
    if calls < 2:
        return warned(
            "one call where two were asked for",
            "agents need a turn, and its whole input, for each call",
            "no action; expect more turns",
            calls=calls,
        )
    return passed(
        f"{calls} calls with ids of their own; none when forbidden", calls=calls
    )


PROBE = Probe(
    id="parallel_tools",
    title="Parallel tools",
    group=Group.TOOLS,
    profile=Profile.FULL,
    run=run,
    requests=2,
    input_tokens=300,
    output_tokens=2 * TOOL_OUTPUT,
    needs=("basic", "tool"),
)

"""Asks: can the model go on with a tool's result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import ToolTurn
from faregate.smoke.error_shape import shown
from faregate.smoke.exchanges import TOOL_OUTPUT, tool_call, weather
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import failed, passed, skipped, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Give back the call that the model made, with a result that holds a code."""
    before = await tool_call(ctx)
    if not before.said.calls:
        return skipped("there was no call to answer")
    call = before.said.calls[0]
    turn = ToolTurn(
        id=call.id,
        name=call.name,
        arguments=call.arguments,
        result=f"17 degrees, sunny, station code {ctx.nonce}",
    )
    wanted = weather()
    prompt = f"{wanted.prompt} Tell me the station code too."
    asked = await ctx.ask(replace(wanted, prompt=prompt, turn=turn))
    if asked.status in {400, 422}:
        return failed(
            f"it refuses its own call: {shown(asked, ctx.secret)}",
            "an agent comes no further than its first tool call",
            "do not use this target for agents",
            status=asked.status,
        )
    if not asked.ok:
        return no_answer(ctx.target, asked)
    if ctx.nonce in asked.said.text:
        return passed("the answer uses the result")
    words = scrub(asked.said.text, ctx.secret, limit=60)
    if asked.said.calls:
        return failed(
            "it called the tool again instead of using the result",
            "this is the loop that eats budgets",
            "do not use this target for agents; Faregate's loop limit stops them",
            calls=len(asked.said.calls),
        )
    return warned(
        f'the answer leaves the result out: "{words}"',
        "agents get answers that ignore what their tools said",
        "use a stronger model for agents",
    )


PROBE = Probe(
    id="tool_result",
    title="Tool result",
    group=Group.TOOLS,
    profile=Profile.QUICK,
    run=run,
    requests=1,
    input_tokens=220,
    output_tokens=TOOL_OUTPUT,
    needs=("basic", "tool"),
)

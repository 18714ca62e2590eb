"""Asks: is a tool called as it should be, when the answer is not streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.error_shape import names, shown
from faregate.smoke.exchanges import TOOL_OUTPUT, WEATHER, tool_call
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.tool_calls import printed_as_text, problems
from faregate.smoke.verdict import failed, passed, unsupported, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_NO_TOOLS = "do not use this target for agents, or serve the model with a tool parser"


async def run(ctx: ProbeContext) -> Finding:
    """Offer one tool and ask for something that needs it."""
    asked = await tool_call(ctx)
    if asked.status in {400, 404, 422, 501} and names(asked, "tool", "function"):
        return unsupported(f"tools are refused: {shown(asked, ctx.secret)}")
    if not asked.ok:
        return no_answer(ctx.target, asked)
    said = asked.said
    if printed_as_text(asked):
        return failed(
            f"the call is printed as text: {scrub(said.text, ctx.secret, limit=80)}",
            "agents see no call: they stop, or loop until the money is gone",
            _NO_TOOLS,
            calls=0,
        )
    if not said.calls:
        words = scrub(said.text, ctx.secret, limit=60)
        return failed(
            f'no call, it wrote "{words}"',
            "agents that need tools cannot work with this model",
            _NO_TOOLS,
            calls=0,
        )
    return _called(ctx, asked)


def _called(ctx: ProbeContext, asked: Transcript) -> Finding:
    said = asked.said
    wrong = problems(asked, (WEATHER,))
    if wrong:
        return failed(
            scrub("; ".join(wrong), ctx.secret),
            "agents refuse such calls and ask again: each time is paid",
            _NO_TOOLS,
            calls=len(said.calls),
        )
    if len(said.calls) > 1:
        return warned(
            f"{len(said.calls)} calls where one was asked for",
            "agents run each of them",
            "turn parallel tool calls off in the agent",
            calls=len(said.calls),
        )
    called = scrub(f"{said.calls[0].name}({said.calls[0].arguments})", ctx.secret)
    return passed(called, calls=1)


PROBE = Probe(
    id="tool",
    title="Tool call",
    group=Group.TOOLS,
    profile=Profile.QUICK,
    run=run,
    requests=1,
    input_tokens=150,
    output_tokens=TOOL_OUTPUT,
    needs=("basic",),
)

"""Asks: is a tool called as it should be, when the answer is streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.spec import GEMINI
from faregate.smoke.context import Profile
from faregate.smoke.exchanges import TOOL_OUTPUT, WEATHER, tool_stream
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.tool_calls import printed_as_text, problems
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_FIX = "turn streaming off for tools, or do not use this target for agents"


async def run(ctx: ProbeContext) -> Finding:
    """Put the pieces of a streamed call together."""
    asked = await tool_stream(ctx)
    if not asked.ok:
        return no_answer(ctx.target, asked)
    said = asked.said
    if printed_as_text(asked) or not said.calls:
        words = scrub(said.text, ctx.secret, limit=60)
        return failed(
            f'no call in the stream, it wrote "{words}"',
            "agents stream: for them this model has no tools",
            _FIX,
            calls=0,
        )
    wrong = problems(asked, (WEATHER,))
    if wrong:
        return failed(
            scrub("; ".join(wrong), ctx.secret),
            "agents put the pieces together wrongly, refuse the call and ask again",
            _FIX,
            calls=len(said.calls),
        )
    deltas = max(call.deltas for call in said.calls)
    if deltas < 2 and ctx.dialect.protocol != GEMINI:
        return warned(
            "the whole call came in one piece",
            "nothing is seen of a long call (a file being written) until it is done",
            "no action; some clients give up meanwhile: raise their timeout",
            calls=len(said.calls),
            deltas=deltas,
        )
    return passed(
        f"{len(said.calls)} call in {deltas} pieces",
        calls=len(said.calls),
        deltas=deltas,
    )


PROBE = Probe(
    id="tool_stream",
    title="Streamed tool call",
    group=Group.TOOLS,
    profile=Profile.QUICK,
    run=run,
    requests=1,
    input_tokens=150,
    output_tokens=TOOL_OUTPUT,
    needs=("basic", "tool"),
)

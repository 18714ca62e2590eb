"""Asks: is a streamed answer the same as one that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import names, shown
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import passed, unsupported, warned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_MOST_APART = 0.10
_OUTPUT = 128


async def run(ctx: ProbeContext) -> Finding:
    """Ask the same at temperature 0, once streamed and once not."""
    prompt = "Name the planets of the solar system, in order, separated by commas."
    pair = []
    for stream in (False, True):
        asked = await ctx.ask(
            Wanted(prompt=prompt, stream=stream, max_output=_OUTPUT, temperature=0)
        )
        if asked.status in {400, 422} and names(asked, "temperature"):
            return unsupported(f"temperature is fixed: {shown(asked, ctx.secret)}")
        if not asked.ok:
            return no_answer(ctx.target, asked)
        pair.append(asked)
    apart = list(_apart(ctx, *pair))
    if apart:
        return warned(
            "; ".join(apart),
            "what a test without streams shows does not hold for agents, which stream",
            "test agents with streaming on",
        )
    usage = pair[1].answer.usage
    output = None if usage is None else usage.output
    return passed("same model, finish and usage", output=output)


def _apart(ctx: ProbeContext, whole: Transcript, stream: Transcript) -> Iterator[str]:
    one, two = whole.said.model, stream.said.model
    if one != two:
        yield scrub(f"model {one or 'none'} against {two or 'none'}", ctx.secret)
    if whole.finish is not stream.finish:
        ends = [str(t.finish.value if t.finish else "none") for t in (whole, stream)]
        yield f"finish {ends[0]} against {ends[1]}"
    first, second = whole.answer.usage, stream.answer.usage
    if first is None or second is None:
        if first is not second:
            yield "only one of them states usage"
        return
    for what, a, b in (
        ("input", first.input_tokens, second.input_tokens),
        ("output", first.output, second.output),
    ):
        if abs(a - b) > max(2, _MOST_APART * max(a, b)):
            yield f"{what} {a} against {b} streamed"


PROBE = Probe(
    id="stream_equals",
    title="Stream equals whole",
    group=Group.STREAM,
    profile=Profile.FULL,
    run=run,
    requests=2,
    input_tokens=40,
    output_tokens=2 * _OUTPUT,
    needs=("basic",),
)

"""Asks: how often is a tool call right, over repeated requests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.smoke.accuracy import ToolRun, score
from faregate.smoke.context import Profile
from faregate.smoke.exchanges import TOOL_OUTPUT, WEATHER, weather
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.tool_calls import problems, triggered
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.dialects.wanted import Wanted
    from faregate.smoke.verdict import Fact, Finding

PROMPTS: tuple[Wanted, ...] = (
    weather("Lisbon", "celsius"),
    weather("New York", "fahrenheit"),
    weather("S\u00e3o Paulo", "celsius"),
    replace(weather(), prompt="Do I need a coat in Oslo today? Answer in celsius."),
    replace(weather(), prompt="Say hello and nothing else."),
)
"""The last one needs no tool."""
_NEED = len(PROMPTS) - 1


async def run(ctx: ProbeContext) -> Finding:
    """Send each prompt streamed and not."""
    wrong: list[str] = []
    for streamed in (False, True):
        for number, wanted in enumerate(PROMPTS):
            asked = await ctx.ask(replace(wanted, stream=streamed))
            if not asked.ok:
                return no_answer(ctx.target, asked)
            run_ = _read(asked, number, streamed=streamed)
            ctx.tool_runs.append(run_)
            if run_.problem:
                wrong.append(run_.problem)
    return _judge(ctx, wrong)


def _read(asked: Transcript, number: int, *, streamed: bool) -> ToolRun:
    called = bool(asked.said.calls)
    found = problems(asked, (WEATHER,)) if called else []
    return ToolRun(
        prompt=number,
        streamed=streamed,
        triggered=called if found else triggered(asked),
        problem=found[0] if found else None,
    )


def _judge(ctx: ProbeContext, wrong: list[str]) -> Finding:
    whole = score(r for r in ctx.tool_runs if not r.streamed)
    stream = score(r for r in ctx.tool_runs if r.streamed)
    needed = sum(r.triggered for r in ctx.tool_runs if r.prompt < _NEED)
    needless = sum(r.triggered for r in ctx.tool_runs if r.prompt >= _NEED)
    facts: dict[str, Fact] = {
        "runs": len(ctx.tool_runs),
        "valid": whole.valid,
        "calls": whole.calls,
        "valid_streamed": stream.valid,
        "calls_streamed": stream.calls,
        "needed": needed,
        "needless": needless,
    }
    seen = f"schema kept in {whole.text} calls, {stream.text} streamed"
    if wrong or not needed:
        why = scrub(wrong[0], ctx.secret) if wrong else "it never calls"
        return failed(
            f"{seen}: {why}",
            "each broken call is a turn that is paid and thrown away",
            "do not use this target for agents, or compare with --reference",
            **facts,
        )
    if needed < 2 * _NEED or needless:
        return warned(
            f"{seen}; called in {needed} of {2 * _NEED} cases that need it, "
            f"{needless} that do not",
            "agents miss a step, or pay for one too many",
            "compare with the model's own vendor: --reference",
            **facts,
        )
    return passed(seen, **facts)


PROBE = Probe(
    id="tool_accuracy",
    title="Repeated tool calls",
    group=Group.TOOLS,
    profile=Profile.FULL,
    run=run,
    requests=2 * len(PROMPTS),
    input_tokens=2 * len(PROMPTS) * 150,
    output_tokens=2 * len(PROMPTS) * TOOL_OUTPUT,
    needs=("basic", "tool"),
)

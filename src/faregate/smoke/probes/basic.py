"""Asks: does an ordinary request bring an ordinary answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.exchanges import TEXT_OUTPUT, text_stream
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.reading import Finish
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding


async def run(ctx: ProbeContext) -> Finding:
    """Read the text that all stream probes share; how it streams is theirs."""
    asked = await text_stream(ctx)
    said = asked.said
    wrote = said.text or said.reasoning or said.calls
    if asked.status != 200 or not wrote:
        return _nothing(ctx, asked)
    facts: dict[str, Fact] = {
        "output_bytes": len(said.text.encode()),
        "finish": _finish(ctx, asked),
    }
    seen = scrub(f'"{said.text[:60]}"', ctx.secret)
    if not said.text:
        return warned(
            f"only reasoning within {TEXT_OUTPUT} tokens, no text",
            "an agent with a small output bound gets nothing and still pays",
            "give this model at least 1,000 output tokens",
            **facts,
        )
    missing = _missing(asked)
    if missing:
        return warned(
            f"{seen} {missing}",
            "agents and reports lack that",
            "no action; Faregate does without",
            **facts,
        )
    if ctx.nonce not in said.text:
        return warned(
            f"{seen} without the code that was asked for",
            "it answers and does not follow a simple instruction: too weak for agents",
            "use a stronger model for agents",
            **facts,
        )
    return passed(f"{seen}, finish {facts['finish']}", **facts)


def _nothing(ctx: ProbeContext, asked: Transcript) -> Finding:
    clean = asked.ok and asked.answer.complete
    if not clean:
        return no_answer(ctx.target, asked)
    return failed(
        "200 with an empty answer",
        "agents read it as the end of the task, or ask again and pay again",
        "use another target",
        status=200,
    )


def _missing(asked: Transcript) -> str:
    lacks = [
        what
        for what, there in (("id", asked.said.id), ("model", asked.said.model))
        if not there
    ]
    if lacks:
        return f"without {' and '.join(lacks)}"
    if asked.finish is Finish.LENGTH and not asked.broke:
        return f"cut at {TEXT_OUTPUT} tokens"
    return ""


def _finish(ctx: ProbeContext, asked: Transcript) -> str:
    said = asked.said
    return scrub(said.finishes[-1], ctx.secret, limit=40) if said.finishes else "none"


PROBE = Probe(
    id="basic",
    title="Basic answer",
    group=Group.CHAT,
    profile=Profile.QUICK,
    run=run,
    requests=3,
    input_tokens=60,
    output_tokens=TEXT_OUTPUT,
    needs=("reach",),
)

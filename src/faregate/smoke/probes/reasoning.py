"""Asks: where does reasoning come, and does it leak into the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import passed, unsupported, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_LEAKS = ("<think>", "</think>", "<reasoning>", "<|channel|>")


async def run(ctx: ProbeContext) -> Finding:
    """Look at the answer that all stream probes share."""
    asked = await text_stream(ctx)
    usage = asked.answer.usage
    tokens = 0 if usage is None else usage.reasoning
    leak = next((mark for mark in _LEAKS if mark in asked.said.text), None)
    if leak is not None:
        return warned(
            f"{leak} stands in the text",
            "agents take thoughts for the answer, and send them back: paid twice",
            "serve the model with a reasoning parser, or turn reasoning off",
            reasoning_tokens=tokens,
        )
    field = asked.said.reasoning_field
    if field:
        return passed(
            f"in {field}, {tokens} tokens", field=field, reasoning_tokens=tokens
        )
    if tokens:
        return passed(f"hidden, {tokens} tokens billed", reasoning_tokens=tokens)
    return unsupported("no reasoning was seen", reasoning_tokens=0)


PROBE = Probe(
    id="reasoning",
    title="Reasoning",
    group=Group.CHAT,
    profile=Profile.FULL,
    run=run,
    needs=("basic",),
)

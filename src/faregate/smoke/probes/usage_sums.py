"""Asks: do the numbers of a usage block add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.flags import COMPLETION_EXCLUDES_REASONING
from faregate.providers.spec import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT
from faregate.smoke.context import Profile
from faregate.smoke.exchanges import TEXT_OUTPUT, text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.reading import dig
from faregate.smoke.verdict import failed, passed, skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.smoke.context import ProbeContext
    from faregate.smoke.reading import Json
    from faregate.smoke.verdict import Finding

_BEYOND = 8
"""Tokens by which a provider may pass the bound: it counts end marks."""


async def run(ctx: ProbeContext) -> Finding:
    """Check the last usage block of a streamed answer."""
    asked = await text_stream(ctx)
    if not asked.said.usages:
        return skipped("there is no usage to check")
    block = asked.said.usages[-1][1]
    if ctx.dialect.protocol == ANTHROPIC_MESSAGES:
        # What the beginning stated holds on where the end does not repeat it.
        block = {**asked.said.usages[0][1], **block}
    wrong = next(_wrong(ctx, block), None)
    if wrong is None and asked.answer.output_bytes:
        wrong = _too_much(ctx, block, asked.answer.output_bytes)
    if wrong is not None:
        return failed(
            wrong,
            "bills from these numbers are wrong; Faregate takes the larger reading",
            "compare with the provider's own dashboard, and ask the provider",
        )
    usage = asked.answer.usage
    total = 0 if usage is None else usage.total_tokens
    return passed(f"they add up to {total}", total_tokens=total)


def _wrong(ctx: ProbeContext, block: Json) -> Iterator[str]:
    """Yield each contradiction of a usage block."""
    yield from _bad_counters(block)
    match ctx.dialect.protocol:
        case str(name) if name == GEMINI:
            prompt, output = _n(block, "promptTokenCount"), _gemini_output(block)
            total = dig(block, "totalTokenCount")
            cached = _n(block, "cachedContentTokenCount")
        case str(name) if name == ANTHROPIC_MESSAGES:
            prompt, output = _n(block, "input_tokens"), _n(block, "output_tokens")
            total, cached = None, 0
        case str(name) if name == OPENAI_CHAT:
            prompt, output = _n(block, "prompt_tokens"), _n(block, "completion_tokens")
            total = dig(block, "total_tokens")
            cached = _n(block, "prompt_tokens_details", "cached_tokens")
            if COMPLETION_EXCLUDES_REASONING in ctx.target.spec.usage_flags:
                output += _n(block, "completion_tokens_details", "reasoning_tokens")
        case _:
            prompt, output = _n(block, "input_tokens"), _n(block, "output_tokens")
            total = dig(block, "total_tokens")
            cached = _n(block, "input_tokens_details", "cached_tokens")
    if isinstance(total, int) and total != prompt + output:
        yield f"{prompt} in + {output} out is not the total of {total}"
    if cached > prompt:
        yield f"{cached} cached of only {prompt} in"
    if output > TEXT_OUTPUT + _BEYOND:
        yield f"{output} out, and {TEXT_OUTPUT} was the bound"


def _bad_counters(block: Json) -> Iterator[str]:
    for name, value in block.items():
        if "token" not in name.casefold() or isinstance(value, dict | list | None):
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            yield f"{name[:40]} is no whole number"
        elif value < 0:
            yield f"{name[:40]} is below zero"


def _too_much(ctx: ProbeContext, block: Json, output_bytes: int) -> str | None:
    """Return what is wrong with more tokens than bytes, where no reasoning hides."""
    del ctx
    hidden = _n(block, "completion_tokens_details", "reasoning_tokens")
    hidden += _n(block, "output_tokens_details", "reasoning_tokens")
    hidden += _n(block, "thoughtsTokenCount")
    output = max(
        _n(block, "completion_tokens"),
        _n(block, "output_tokens"),
        _n(block, "candidatesTokenCount"),
    )
    if hidden or output <= output_bytes + _BEYOND:
        return None
    return f"{output} tokens out for {output_bytes} bytes of text"


def _gemini_output(block: Json) -> int:
    names = ("candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount")
    return sum(_n(block, name) for name in names)


def _n(block: Json, *path: str) -> int:
    value = dig(block, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


PROBE = Probe(
    id="usage_sums",
    title="Usage adds up",
    group=Group.USAGE,
    profile=Profile.QUICK,
    run=run,
    needs=("basic", "usage"),
)

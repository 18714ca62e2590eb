"""Asks: does a repeated prefix come from the prompt cache, and is that said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.spec import ErrorClass
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.no_answer import diagnosed, no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.reading import Delta
from faregate.smoke.verdict import passed, skipped, unsupported

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_LINES = 180
_LINE = "Rule {n}: keep the table of section {n} in order and name its columns."
_OUTPUT = 16


async def run(ctx: ProbeContext) -> Finding:
    """Send the same long prefix twice."""
    system = f"Manual {ctx.nonce}.\n" + "\n".join(
        _LINE.format(n=n) for n in range(_LINES)
    )
    window = ctx.window
    if window is not None and window < 2 * _LINES * 16:
        return skipped(f"a window of {window} tokens is too small for the prefix")
    pair: list[Transcript] = []
    for question in ("Say one.", "Say two."):
        asked = await ctx.ask(
            Wanted(
                prompt=question,
                system=system,
                stream=True,
                max_output=_OUTPUT,
                cache_mark=True,
            )
        )
        if _too_long(ctx, asked):
            return skipped("the prefix is longer than the window of the model")
        if not asked.ok:
            return no_answer(ctx.target, asked)
        pair.append(asked)
    return _judge(*pair)


def _too_long(ctx: ProbeContext, asked: Transcript) -> bool:
    found = diagnosed(ctx.target, asked)
    return found is not None and found.error_class is ErrorClass.CONTEXT_OVERFLOW


def _judge(cold: Transcript, warm: Transcript) -> Finding:
    usage = warm.answer.usage
    if usage is None:
        return skipped("there is no usage to look into")
    share = usage.cache_read / max(usage.input_tokens, 1)
    times = " \u2192 ".join(
        _ms(t.first(Delta.TEXT, Delta.REASONING)) for t in (cold, warm)
    )
    if not usage.cache_read:
        return unsupported(f"no cached tokens are stated; first token {times}", hit=0)
    seen = f"{share:.0%} of {usage.input_tokens} cached; first token {times}"
    return passed(seen, hit=round(share, 3), cached_tokens=usage.cache_read)


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f} ms"


PROBE = Probe(
    id="cache",
    title="Prompt cache",
    group=Group.CACHE,
    profile=Profile.FULL,
    run=run,
    requests=2,
    input_tokens=2 * _LINES * 16,
    output_tokens=2 * _OUTPUT,
    needs=("basic", "usage"),
)

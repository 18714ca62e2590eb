"""Asks: how soon does a stream begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.reading import Delta
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding


async def run(ctx: ProbeContext) -> Finding:
    """Print three times: headers, first token of any kind, first of the answer."""
    asked = await text_stream(ctx)
    any_s = asked.first(Delta.TEXT, Delta.REASONING, Delta.TOOL)
    text_s = asked.first(Delta.TEXT, Delta.TOOL)
    if any_s is None:
        return failed(
            "no token came as an event of a stream",
            "a person sees nothing until the end, and agents may time out",
            "turn streaming off in the agent, or use another target",
        )
    ttfb = asked.ttfb_s or 0.0
    facts: dict[str, Fact] = {
        "ttfb_s": round(ttfb, 4),
        "ttft_any_s": round(any_s, 4),
        "ttft_text_s": None if text_s is None else round(text_s, 4),
    }
    answer = "-" if text_s is None else f"{text_s * 1000:.0f} ms"
    seen = (
        f"headers {ttfb * 1000:.0f} ms, first token {any_s * 1000:.0f} ms, "
        f"first of the answer {answer}"
    )
    if any_s > ctx.patience.first_token_s:
        return warned(
            seen,
            "each turn of an agent waits that long before anything happens",
            "use a nearer region, a smaller model, or another target",
            **facts,
        )
    return passed(seen, **facts)


PROBE = Probe(
    id="first_byte",
    title="First token",
    group=Group.STREAM,
    profile=Profile.QUICK,
    run=run,
    needs=("basic",),
)

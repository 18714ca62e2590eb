"""Asks: does a stream say what it used, where one looks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.spec import OPENAI_CHAT
from faregate.smoke.context import Profile
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding

_READ = "Faregate reads it there; other tools may miss it or count it twice"


async def run(ctx: ProbeContext) -> Finding:
    """Find the usage blocks of one streamed answer."""
    asked = await text_stream(ctx)
    usages = asked.said.usages
    places = list(dict.fromkeys(place for place, _ in usages))
    facts: dict[str, Fact] = {"blocks": len(usages), "places": ", ".join(places)}
    if ctx.dialect.protocol == OPENAI_CHAT and asked.status == 200:
        facts["include_usage"] = ctx.ask_usage
    if not usages:
        return failed(
            "no usage at all",
            "spend on this target can only be estimated (~), and held money stays long",
            'set on_abort = "observed" if you trust the estimate, or use another target',
            **facts,
        )
    usage = asked.answer.usage
    if usage is None:
        return failed(
            f"{len(usages)} usage blocks, none that can be believed",
            "spend on this target can only be estimated (~)",
            "use another target where money matters",
            **facts,
        )
    told = f"{usage.input_tokens} in, {usage.output} out"
    if ctx.dialect.protocol != OPENAI_CHAT:
        return passed(f"{told} in {facts['places']}", **facts)
    odd = _oddity(ctx, places, len(usages))
    if odd is not None:
        seen, means, fix = odd
        return warned(f"{told}, {seen}", means, fix, **facts)
    return passed(f"{told} in the last chunk", **facts)


def _oddity(
    ctx: ProbeContext, places: list[str], blocks: int
) -> tuple[str, str, str] | None:
    if not ctx.ask_usage:
        return (
            "and include_usage is refused",
            "tools that ask for usage fail",
            "turn include_usage off in the agent",
        )
    if blocks > 1:
        return (
            f"in {blocks} blocks ({', '.join(places)})",
            "whoever adds them up bills several times over",
            _READ,
        )
    if places != ["last chunk"]:
        return f"in {places[0]}", "an unusual place", _READ
    return None


PROBE = Probe(
    id="usage",
    title="Usage in a stream",
    group=Group.USAGE,
    profile=Profile.QUICK,
    run=run,
    needs=("basic",),
)

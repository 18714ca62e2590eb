"""Asks: is every line of a stream what it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Event
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding

_PINGS = frozenset({"ping", "keepalive", "keep-alive", "heartbeat"})


async def run(ctx: ProbeContext) -> Finding:
    """Look for data that is no JSON, and list the keep-alives."""
    asked = await text_stream(ctx)
    if not asked.events:
        return failed(
            f"one {asked.content_type or 'unnamed'} document where a stream belongs",
            "a person sees nothing until the end",
            "turn streaming off in the agent, or use another target",
        )
    bad = [event for event in asked.events if not event.ok]
    if bad:
        what = scrub(str(bad[0].data), ctx.secret, limit=80)
        return failed(
            f"{len(bad)} data lines are no JSON: {what}",
            "agents stop with a parse error in the middle of an answer",
            "use another target for streams, or report it",
            bad_lines=len(bad),
        )
    alive = _keep_alives(ctx, asked.events)
    facts: dict[str, Fact] = {"events": len(asked.events), "keep_alives": len(alive)}
    if asked.content_type != "text/event-stream":
        kind = scrub(asked.content_type or "nothing", ctx.secret, limit=40)
        return warned(
            f"the content type is {kind}, not text/event-stream",
            "some clients do not read it as a stream",
            "no action behind Faregate, which looks at the bytes",
            **facts,
        )
    kinds = ", ".join(sorted(set(alive))[:3])
    said = f", keep-alives: {kinds}" if alive else ", no keep-alives"
    return passed(f"{len(asked.events)} events, all JSON{said}", **facts)


def _keep_alives(ctx: ProbeContext, events: tuple[Event, ...]) -> list[str]:
    found = [scrub(e.comment, ctx.secret, limit=30) for e in events if e.comment]
    found += [e.name for e in events if e.name in _PINGS and not e.comment]
    return found


PROBE = Probe(
    id="hygiene",
    title="Stream hygiene",
    group=Group.STREAM,
    profile=Profile.QUICK,
    run=run,
    needs=("basic",),
)

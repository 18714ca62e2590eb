"""Asks: does a stream end as its protocol says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.asking.transcript import Broke
from faregate.smoke.context import Profile
from faregate.smoke.error_shape import shown
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding

_PAID_TWICE = "agents take the answer for broken and send it again: it is paid twice"


async def run(ctx: ProbeContext) -> Finding:
    """Count finish reasons and end marks."""
    asked = await text_stream(ctx)
    said = asked.said
    facts: dict[str, Fact] = {
        "finishes": len(said.finishes),
        "terminals": said.terminals,
    }
    broken = _broken(ctx, asked)
    if broken is not None:
        seen, means = broken
        return failed(
            seen, means, "use another target for streams, or report it", **facts
        )
    if ctx.dialect.terminal and not said.terminals:
        return warned(
            f"no {ctx.dialect.terminal} at the end",
            "some agents wait for it until a timeout",
            "no action behind Faregate, which ends the stream itself",
            **facts,
        )
    finish = scrub(said.finishes[0], ctx.secret, limit=40)
    end = f", then {ctx.dialect.terminal}" if ctx.dialect.terminal else ""
    return passed(f"finish {finish}{end}, then the end", **facts)


def _broken(ctx: ProbeContext, asked: Transcript) -> tuple[str, str] | None:
    """Return what is wrong and what it means; None when the end is in order."""
    if asked.broke in {Broke.TIMEOUT, Broke.TOO_LARGE}:
        return f"it never ended: {asked.fault}", (
            "an endless answer is billed until somebody hangs up"
        )
    if asked.broke is not None:
        return f"cut: {asked.fault}", _PAID_TWICE
    if asked.error is not None:
        return f"an error inside the stream: {shown(asked, ctx.secret)}", _PAID_TWICE
    return _odd_end(asked)


def _odd_end(asked: Transcript) -> tuple[str, str] | None:
    said = asked.said
    if not said.finishes:
        return "no finish reason: the answer may be cut", (
            "nobody can tell a whole answer from a cut one"
        )
    if said.terminals > 1 or len(said.finishes) > 1:
        count = max(said.terminals, len(said.finishes))
        return f"the end came {count} times", "agents may run the same tool calls twice"
    if said.after_terminal:
        return "more came after the end", "agents lose what came after, or crash"
    return None


PROBE = Probe(
    id="termination",
    title="Termination",
    group=Group.STREAM,
    profile=Profile.QUICK,
    run=run,
    needs=("basic",),
)

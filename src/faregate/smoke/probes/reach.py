"""Asks: is anybody there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.asking.transcript import Broke
from faregate.smoke.context import Profile
from faregate.smoke.exchanges import models
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Any HTTP answer will do."""
    asked = await models(ctx)
    if asked.broke in {Broke.UNREACHED, Broke.TIMEOUT} and asked.status is None:
        return no_answer(ctx.target, asked)
    if asked.status is None:
        return failed(
            asked.fault or "no HTTP answer",
            "what listens there does not speak HTTP",
            f"check base_url {ctx.target.base_url}",
        )
    connect = asked.connect_s or 0.0
    seen = f"connected in {connect * 1000:.0f} ms, answered {asked.status}"
    if 300 <= asked.status < 400:
        return warned(
            f"{asked.status}, a redirect, which is never followed",
            "keys are not sent to an address that nobody configured",
            "set base_url to the address it redirects to",
            status=asked.status,
        )
    if connect > ctx.patience.connect_s:
        return warned(
            seen,
            "each new connection of an agent waits that long",
            "use a nearer region, if the provider has one",
            connect_s=round(connect, 4),
        )
    return passed(seen, connect_s=round(connect, 4), status=asked.status)


PROBE = Probe(
    id="reach",
    title="Reachable",
    group=Group.REACH,
    profile=Profile.QUICK,
    run=run,
    requests=1,
)

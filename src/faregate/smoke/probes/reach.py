"""Asks: is anybody there, and is it the right place for this key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.asking.transcript import Broke
from faregate.smoke.context import Profile
from faregate.smoke.exchanges import models
from faregate.smoke.no_answer import diagnosed, no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.reach.connecting import Way
from faregate.smoke.reach.finding import finding_of
from faregate.smoke.reach.places import own_place
from faregate.smoke.reach.survey import Reached, Surveyor
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.providers.spec import ProviderSpec
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Any HTTP answer will do; then look around, where there is another region."""
    asked = await models(ctx)
    unreached = asked.broke in {Broke.UNREACHED, Broke.TIMEOUT}
    if asked.status is None and unreached:
        return await _unreached(ctx, asked)
    if asked.status is None:
        return failed(
            asked.fault or "no HTTP answer",
            "what listens there does not speak HTTP",
            f"check base_url {ctx.target.base_url}",
        )
    if 300 <= asked.status < 400:
        return warned(
            f"{asked.status}, a redirect, which is never followed",
            "keys are not sent to an address that nobody configured",
            "set base_url to the address it redirects to",
            status=asked.status,
        )
    if ctx.target.spec.local or not own_place(*_where(ctx)).encrypted:
        return _near(ctx, asked)
    return await _surveyed(ctx, asked)


def _near(ctx: ProbeContext, asked: Transcript) -> Finding:
    """Judge an address without TLS: what is asked has told everything."""
    connect = asked.connect_s or 0.0
    seen = f"connected in {connect * 1000:.0f} ms, answered {asked.status}"
    facts = {"connect_s": round(connect, 4), "status": asked.status}
    if connect > ctx.patience.connect_s:
        return warned(
            seen,
            "each new connection of an agent waits that long",
            "use a nearer region, if the provider has one",
            **facts,
        )
    return passed(seen, **facts)


async def _unreached(ctx: ProbeContext, asked: Transcript) -> Finding:
    """Go the way again step by step, to name the one that fails."""
    place = own_place(*_where(ctx))
    way = await Surveyor(http=ctx.asker.upstream).way_to(place)
    if way.trouble is None:
        return no_answer(ctx.target, asked)
    trouble = way.trouble
    return failed(
        f"{trouble.step.value}: {trouble.sentence}",
        "no agent can use this target",
        trouble.fix,
        step=trouble.step.value,
    )


async def _surveyed(ctx: ProbeContext, asked: Transcript) -> Finding:
    target, surveyor = ctx.target, Surveyor(http=ctx.asker.upstream)
    place = own_place(*_where(ctx))
    way = await surveyor.way_to(place)
    own = Reached(
        place=place,
        way=Way(dns_s=way.dns_s, tcp_s=way.tcp_s, tls_s=way.tls_s),
        http_s=asked.ttfb_s,
        status=asked.status,
        diagnosis=diagnosed(target, asked),
    )
    others = await surveyor.look_around(target.spec, ctx.dialect)
    return finding_of(
        await surveyor.explain(target.spec, ctx.dialect, target.key, own, others)
    )


def _where(ctx: ProbeContext) -> tuple[ProviderSpec, str]:
    return ctx.target.spec, ctx.dialect.protocol


PROBE = Probe(
    id="reach",
    title="Reachable",
    group=Group.REACH,
    profile=Profile.QUICK,
    run=run,
    requests=1,
)

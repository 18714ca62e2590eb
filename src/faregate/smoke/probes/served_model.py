"""Asks: does the model that was asked for answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.price_table import undated
from faregate.smoke.context import Profile
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import passed, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Compare the names that answers carry with the one that was asked for."""
    first = await text_stream(ctx)
    asked_for = ctx.model
    served = {
        t.said.model
        for t in ctx.transcripts
        if t.status == 200
        and t.said.model
        and t.sent.get("model", asked_for) == asked_for
    }
    vendor = scrub(first.said.vendor, ctx.secret, limit=40)
    by = f", served by {vendor}" if vendor else ""
    if not served:
        return warned(
            "answers name no model",
            "nobody can see whether a cheaper one answered",
            "no action; prices are those of the model asked for",
        )
    others = sorted(name for name in served if not _same(asked_for, name))
    if not others:
        return passed(f"{scrub(min(served), ctx.secret, limit=60)}{by}", vendor=vendor)
    name = scrub(", ".join(others), ctx.secret, limit=80)
    return warned(
        f"{name} instead of {asked_for}{by}",
        "another model answers, at another price and another quality",
        "pin the model or the vendor, where the provider lets you",
        served=name,
        vendor=vendor,
    )


def _same(asked_for: str, served: str) -> bool:
    """Tell whether two names are one, or one the dated name of the other."""
    one, two = asked_for.casefold(), served.casefold()
    if one == two or one.rpartition("/")[2] == two.rpartition("/")[2]:
        return True
    return undated(served.casefold()) == one or undated(one) == two


PROBE = Probe(
    id="served_model",
    title="Served model",
    group=Group.CHAT,
    profile=Profile.QUICK,
    run=run,
    needs=("basic",),
)

"""Asks: does the model list name the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.error_shape import shown
from faregate.smoke.exchanges import models
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import failed, passed, unsupported, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_SHOWN = 4


async def run(ctx: ProbeContext) -> Finding:
    """Look for the target's model among the listed ones."""
    asked = await models(ctx)
    if asked.status in {404, 405, 501}:
        return unsupported(f"{asked.status}: the provider has no model list")
    listed = ctx.dialect.listed_models(asked.json)
    if not asked.ok or not listed:
        return warned(
            f"no list: {shown(asked, ctx.secret)}",
            "agents that offer a choice of models find none",
            "write the model's name into the agent's own settings",
            status=asked.status,
        )
    if ctx.model in listed:
        return passed(f"{_count(listed)}, {ctx.model} among them", models=len(listed))
    return _missing(ctx, listed)


def _missing(ctx: ProbeContext, listed: list[str]) -> Finding:
    heir = ctx.target.spec.retired.get(ctx.model)
    if heir is not None:
        return failed(
            f"{ctx.model} is retired and not in the list",
            "requests for it fail or go to another model",
            f"use {ctx.target.spec.name}/{heir}",
            models=len(listed),
        )
    some = scrub(", ".join(listed[:_SHOWN]), ctx.secret, limit=100)
    more = " ..." if len(listed) > _SHOWN else ""
    return warned(
        f"{_count(listed)}, {ctx.model} is not among them ({some}{more})",
        "it may be an alias, a private model or a typing error",
        "compare the name with the provider's list",
        models=len(listed),
    )


def _count(listed: list[str]) -> str:
    return "1 model" if len(listed) == 1 else f"{len(listed)} models"


PROBE = Probe(
    id="models",
    title="Model list",
    group=Group.REACH,
    profile=Profile.QUICK,
    run=run,
    needs=("reach",),
)

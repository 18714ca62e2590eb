"""Asks: what happens to a field that the provider does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import Form, form_of, names, shown
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

FIELD = "faregate_smoke_field"


async def run(ctx: ProbeContext) -> Finding:
    """Add a field that nobody knows."""
    wanted = Wanted(prompt="Say hello.", max_output=16, literal={FIELD: True})
    asked = await ctx.ask(wanted, deadline_s=ctx.patience.error_s)
    form, seen = form_of(asked), shown(asked, ctx.secret)
    if asked.ok and (form is Form.ANSWER or asked.finish is not None):
        return passed("ignored", refuses_unknown_fields=False)
    if asked.status in {400, 422} and names(asked, FIELD):
        return passed(f"refused by name: {seen}", refuses_unknown_fields=True)
    if asked.status in {400, 422}:
        return warned(
            f"{seen} (it does not name the field)",
            "agents that send a field of another provider fail without a reason",
            "take extra fields out of the agent's settings",
            refuses_unknown_fields=True,
        )
    return failed(
        seen,
        "one extra field looks like an outage",
        "take extra fields out of the agent's settings",
        status=asked.status,
    )


PROBE = Probe(
    id="unknown_field",
    title="Unknown field",
    group=Group.ERRORS,
    profile=Profile.FULL,
    run=run,
    requests=1,
    input_tokens=10,
    output_tokens=16,
    needs=("basic",),
)

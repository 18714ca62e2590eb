"""Asks: is a field of the wrong type refused, and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.spec import GEMINI
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import Form, form_of, names, shown
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Send a text where the output bound belongs."""
    field = ctx.output_field or ctx.dialect.output_fields[0]
    literal: dict[str, object] = {field: "x"}
    if ctx.dialect.protocol == GEMINI:
        literal = {"generationConfig": {field: "x"}}
    wanted = Wanted(prompt="Say hello.", max_output=16, literal=literal)
    asked = await ctx.ask(wanted, deadline_s=ctx.patience.error_s)
    form, seen = form_of(asked), shown(asked, ctx.secret)
    if asked.status in {400, 422} and form in {Form.JSON, Form.ARRAY}:
        if names(asked, field, "param", "type"):
            return passed(seen, status=asked.status)
        return warned(
            f"{seen} (it does not say which field)",
            "a wrong setting of an agent is hard to find",
            "check the agent's settings one by one",
            status=asked.status,
        )
    if form is Form.ANSWER:
        return warned(
            f'{field}: "x" was accepted',
            "an output bound that is mistyped is ignored: the answer may cost more",
            "no action; Faregate sets the bound itself",
            status=asked.status,
        )
    return failed(
        seen,
        "a wrong setting looks like an outage, and agents send it again",
        "check the agent's settings; Faregate sets the bound itself",
        status=asked.status,
    )


PROBE = Probe(
    id="wrong_type",
    title="Wrong type",
    group=Group.ERRORS,
    profile=Profile.FULL,
    run=run,
    requests=1,
    input_tokens=10,
    output_tokens=200,
    needs=("basic",),
)

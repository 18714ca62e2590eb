"""Asks: is a body that is no JSON refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.asking.asker import Call
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import Form, form_of, shown
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Send half a body."""
    shaped = ctx.dialect.shape(Wanted(prompt="Say hello.", max_output=16), ctx.model)
    asked = await ctx.call(
        Call(
            path=shaped.path,
            query=shaped.query,
            body=b'{"model": "' + ctx.model.encode() + b'", "messages": [{"ro',
            output=16,
            deadline_s=ctx.patience.error_s,
        )
    )
    form, seen = form_of(asked), shown(asked, ctx.secret)
    if asked.status in {400, 422} and form in {Form.JSON, Form.ARRAY}:
        return passed(seen, status=asked.status)
    if asked.status is not None and 400 <= asked.status < 500 and form is not Form.PAGE:
        return warned(
            f"{seen} (no clear 400)",
            "a broken request is hard to tell from another refusal",
            "no action; Faregate checks bodies before they are sent",
            status=asked.status,
        )
    return failed(
        seen,
        "a broken request looks like an outage, and agents send it again",
        "no action; Faregate checks bodies before they are sent",
        status=asked.status,
    )


PROBE = Probe(
    id="malformed_json",
    title="Broken JSON",
    group=Group.ERRORS,
    profile=Profile.FULL,
    run=run,
    requests=1,
    needs=("basic",),
)

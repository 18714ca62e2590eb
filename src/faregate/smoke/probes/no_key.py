"""Asks: is a request without a key refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import Form, form_of, shown
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, skipped, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding


async def run(ctx: ProbeContext) -> Finding:
    """Ask without any credential."""
    if ctx.target.key is None:
        return skipped("this target is asked without a key anyway")
    wanted = Wanted(prompt="Say hello.", max_output=16)
    asked = await ctx.ask(wanted, key="", deadline_s=ctx.patience.error_s)
    seen, form = shown(asked, ctx.secret), form_of(asked)
    if form is Form.ANSWER:
        if ctx.target.spec.local:
            return skipped("a server on this machine that wants no key")
        return failed(
            seen,
            "it answers without a key: nobody can say who is billed",
            "check that base_url leads to the provider itself",
            status=asked.status,
        )
    if asked.status in {401, 403} and form in {Form.JSON, Form.ARRAY}:
        return passed(seen, status=asked.status)
    if asked.status is not None and 400 <= asked.status < 500 and form is Form.JSON:
        return warned(
            f"{seen} (status {asked.status} where 401 belongs)",
            "agents may not see that the key is missing",
            "no action; Faregate sends the key itself",
            status=asked.status,
        )
    return failed(
        seen,
        "agents take this for a passing fault and send it again",
        "no action; Faregate never sends a request without a key",
        status=asked.status,
    )


PROBE = Probe(
    id="no_key",
    title="No key",
    group=Group.AUTH,
    profile=Profile.FULL,
    run=run,
    requests=1,
    input_tokens=10,
    output_tokens=16,
    needs=("reach",),
)

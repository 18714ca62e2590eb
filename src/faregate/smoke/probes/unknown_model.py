"""Asks: is a model that does not exist refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import Form, form_of, names, shown
from faregate.smoke.exchanges import NO_SUCH_MODEL
from faregate.smoke.probe import Group, Probe
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

_PINNED = "compare the model that each answer names; Faregate's ledger keeps it"


async def run(ctx: ProbeContext) -> Finding:
    """Ask for a name that no provider has."""
    wanted = Wanted(prompt="Say hello.", max_output=16, model=NO_SUCH_MODEL)
    asked = await ctx.ask(wanted, deadline_s=ctx.patience.error_s)
    form, status = form_of(asked), asked.status
    if form is Form.ANSWER:
        return _served(ctx, asked)
    seen = shown(asked, ctx.secret)
    broken = status is None or asked.broke is not None or status >= 500
    if broken or form in {Form.PAGE, Form.TEXT, Form.EMPTY}:
        return failed(
            seen,
            "a typing error in a model's name looks like an outage, and is retried",
            "check model names with the models probe",
            status=status,
        )
    named = names(asked, NO_SUCH_MODEL)
    if status in {400, 404, 422} and form in {Form.JSON, Form.ARRAY} and named:
        return passed(seen, status=status)
    why = "it does not name the model" if named is False else f"status {status}"
    return warned(
        f"{seen} ({why})",
        "a person cannot see that only the name is wrong",
        "check model names with the models probe",
        status=status,
    )


def _served(ctx: ProbeContext, asked: Transcript) -> Finding:
    said = scrub(asked.said.model or "no name", ctx.secret, limit=60)
    seen = f"200: it answered as {said}"
    if ctx.target.spec.local:
        return warned(
            seen,
            "this server takes any name and serves the one model that it has",
            "no action; it is free",
            status=200,
            served=said,
        )
    return failed(
        seen,
        "a wrong name is served, and billed, as another model without a word",
        _PINNED,
        status=200,
        served=said,
    )


PROBE = Probe(
    id="unknown_model",
    title="Unknown model",
    group=Group.ERRORS,
    profile=Profile.QUICK,
    run=run,
    requests=1,
    input_tokens=10,
    output_tokens=16,
    needs=("reach", "basic"),
)

"""Asks: is a wrong key refused clearly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers.spec import AuthScheme
from faregate.smoke.context import Profile
from faregate.smoke.error_shape import Form, form_of, message_of, shown
from faregate.smoke.exchanges import bad_key
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, skipped, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding

_MEANS = "agents take this for a passing fault and send the request again and again"
_FIX = "Faregate tells the cause apart; agents that go there directly do not"


async def run(ctx: ProbeContext) -> Finding:
    """Send a key that cannot be one."""
    spec = ctx.target.spec
    if ctx.target.key is None or spec.auth is AuthScheme.NONE:
        return skipped("this target is asked without a key")
    asked = await bad_key(ctx)
    seen = shown(asked, ctx.secret)
    form = form_of(asked)
    if asked.ok and spec.local and form is Form.ANSWER:
        return skipped("a server on this machine that takes any key")
    if asked.status is None or asked.broke is not None:
        return failed(seen, _MEANS, "ask the provider", status=asked.status)
    if form is Form.ANSWER:
        return failed(
            seen,
            "it answers whoever asks: nobody can say who is billed",
            "check that base_url leads to the provider itself",
            status=asked.status,
        )
    if asked.status >= 500 or form in {Form.PAGE, Form.TEXT, Form.EMPTY}:
        return failed(seen, _MEANS, _FIX, status=asked.status)
    return _refusal(ctx, asked, seen, form)


def _refusal(ctx: ProbeContext, asked: Transcript, seen: str, form: Form) -> Finding:
    facts: dict[str, Fact] = {
        "status": asked.status,
        "took_s": round(asked.duration_s, 3),
    }
    if form is Form.STATUS_BLOCK or asked.status == 200:
        odd = "an error under status 200"
    elif asked.status != 401:
        odd = f"status {asked.status} where 401 belongs"
    elif form is Form.ARRAY:
        odd = "the error is inside an array"
    elif form is not Form.JSON or not message_of(asked):
        odd = "the error has no message"
    elif asked.duration_s >= ctx.patience.slow_s:
        odd = f"it took {asked.duration_s:.1f} s"
    else:
        return passed(seen, **facts)
    return warned(
        f"{seen} ({odd})", "agents may not see that the key is wrong", _FIX, **facts
    )


PROBE = Probe(
    id="bad_key",
    title="Wrong key",
    group=Group.AUTH,
    profile=Profile.QUICK,
    run=run,
    requests=1,
    input_tokens=10,
    output_tokens=16,
    needs=("reach",),
)

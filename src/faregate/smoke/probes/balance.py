"""Asks: what is left to spend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.balance.burn import plain
from faregate.smoke.balance.reader import read_balance
from faregate.smoke.balance.values import Balance
from faregate.smoke.balance.words import balance_words
from faregate.smoke.causes import Cause
from faregate.smoke.context import Profile
from faregate.smoke.probe import Group, Probe
from faregate.smoke.remedies import fix_of
from faregate.smoke.verdict import failed, passed, skipped, unsupported

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding


async def run(ctx: ProbeContext) -> Finding:
    """Read the wallet or the plan, where the provider tells."""
    target = ctx.target
    found = await read_balance(target.spec, target.key, ctx.asker.upstream)
    ctx.balance = found
    words = balance_words(found)
    if not isinstance(found, Balance):
        return unsupported(words) if found.has_endpoint else skipped(words)
    facts: dict[str, Fact] = {
        "balance": plain(found.remaining),
        "balance_unit": found.unit.value,
        "resolution": plain(found.resolution),
    }
    if found.blocked:
        return failed(
            words,
            "requests are refused until there is something to spend",
            fix_of(target.spec, Cause.WALLET_EMPTY, target.model),
            **facts,
        )
    return passed(f"{words} left", **facts)


PROBE = Probe(
    id="balance",
    title="Balance",
    group=Group.LIMITS,
    profile=Profile.QUICK,
    run=run,
    needs=("reach",),
)

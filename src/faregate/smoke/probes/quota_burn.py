"""Asks: did the run burn what the prices say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.balance.burn import Burn, BurnMethod, burn_of, plain
from faregate.smoke.balance.reader import read_balance
from faregate.smoke.balance.spent import spent_of
from faregate.smoke.balance.values import Balance
from faregate.smoke.balance.words import burn_words
from faregate.smoke.context import Profile
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import passed, skipped, warned

if TYPE_CHECKING:
    from faregate.smoke.balance.values import NoBalance
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding


async def run(ctx: ProbeContext) -> Finding:
    """Compare what is left now with what was left before."""
    after = await _after(ctx)
    spent = spent_of(ctx.transcripts, ctx.target.prices)
    first_ms = min((asked.at_ms for asked in ctx.transcripts), default=0)
    burn = burn_of(
        ctx.balance,
        after,
        spent,
        elapsed_s=max(0.0, (ctx.clock.now_ms() - first_ms) / 1000),
    )
    if burn is None:
        return skipped("no price is known, and nothing else tells what was burned")
    seen = burn_words(burn)
    if burn.resolution_note:
        seen += f"; {burn.resolution_note}"
    if not burn.odd:
        return passed(seen, **_facts(burn))
    return warned(
        seen,
        "what is spent here is not what the ledger counts",
        f'compare [prices."{ctx.target.name}"] with the price page; run again when '
        "nothing else uses the key",
        **_facts(burn),
    )


async def _after(ctx: ProbeContext) -> Balance | NoBalance | None:
    """Read the balance again where it was told before."""
    if not isinstance(ctx.balance, Balance):
        return None
    target = ctx.target
    return await read_balance(target.spec, target.key, ctx.asker.upstream)


def _facts(burn: Burn) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "burn": plain(burn.amount),
        "burn_unit": str(burn.unit),
        "burn_method": burn.method.value,
    }
    if burn.expected is not None and burn.method is not BurnMethod.ESTIMATE:
        facts["burn_expected"] = plain(burn.expected)
    if burn.ratio is not None:
        facts["burn_ratio"] = plain(burn.ratio)
    return facts


PROBE = Probe(
    id="quota_burn",
    title="Quota burn",
    group=Group.LIMITS,
    profile=Profile.QUICK,
    run=run,
    needs=("basic",),
)

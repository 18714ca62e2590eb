"""What is left before and after: the balance and the burn, each way they can end."""

from __future__ import annotations

from dataclasses import replace

from faregate.providers.spec import BalanceEndpoint, BalanceKind
from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probes import balance, quota_burn
from faregate.smoke.simulated.interception import RawAnswer, json_answer
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.verdict import Verdict
from tests.smoke.probing import ROW, Stage, stage

PATH = "/billing"


def with_wallet(target: SmokeTarget) -> SmokeTarget:
    """Return the same target at a provider that tells its balance."""
    root = target.spec.base_urls["anthropic_messages"]
    endpoint = BalanceEndpoint(url=root + PATH, kind=BalanceKind.NOVITA, unit="USD")
    return replace(target, spec=replace(target.spec, balance=endpoint))


def telling(stage: Stage, *amounts: str) -> list[str]:
    """Let the wallet hold these amounts, one a question, in 1/10000 USD."""
    left = list(amounts)

    def answer(seen: SeenRequest) -> RawAnswer | None:
        if not seen.path.startswith(PATH):
            return None
        return json_answer(200, {"availableBalance": left.pop(0)})

    stage.provider.intercept(answer)
    return left


async def test_a_balance_is_told_and_asked_for_once() -> None:
    async with stage(change=with_wallet) as on:
        left = telling(on, "123000")
        found = await on.verdict(balance.PROBE)
    assert found.verdict is Verdict.PASS
    assert found.seen == "$12.30 left"
    assert found.facts["balance"] == "12.3"
    assert left == []


async def test_an_empty_wallet_fails() -> None:
    async with stage(change=with_wallet) as on:
        telling(on, "0")
        found = await on.verdict(balance.PROBE)
    assert found.verdict is Verdict.FAIL
    assert "funds" in found.fix


async def test_a_balance_that_is_denied_is_unsupported() -> None:
    async with stage(change=with_wallet) as on:
        on.provider.intercept(lambda _: json_answer(403, {"detail": "no scope"}))
        found = await on.verdict(balance.PROBE)
    assert found.verdict is Verdict.UNSUPPORTED


async def test_nothing_to_ask_is_skipped() -> None:
    async with stage() as on:
        found = await on.verdict(balance.PROBE)
    assert found.verdict is Verdict.SKIP


async def test_a_burn_as_expected_passes() -> None:
    async with stage(change=with_wallet) as on:
        left = telling(on, "123000")
        await on.verdict(balance.PROBE)
        asked = await text_stream(on.ctx)
        # As much as the answer cost, in steps of 1/10000 USD.
        steps = -(-asked.cost.pico // 10**8)
        left.append(str(123000 - steps))
        found = await on.verdict(quota_burn.PROBE)
    assert found.verdict is Verdict.PASS
    assert found.facts["burn_method"] == "balance"


async def test_a_burn_far_beyond_the_price_is_a_warning() -> None:
    async with stage(change=with_wallet) as on:
        telling(on, "123000", "113000")
        await on.verdict(balance.PROBE)
        await text_stream(on.ctx)
        found = await on.verdict(quota_burn.PROBE)
    assert found.verdict is Verdict.WARN
    assert "burn $1.00 (balance)" in found.seen


async def test_a_burn_below_the_resolution_says_so() -> None:
    async with stage(change=with_wallet) as on:
        telling(on, "123000", "123000")
        await on.verdict(balance.PROBE)
        await text_stream(on.ctx)
        found = await on.verdict(quota_burn.PROBE)
    assert found.verdict is Verdict.PASS
    assert "below the balance's resolution" in found.seen
    assert found.facts["burn_method"] != "balance"


async def test_without_a_balance_it_is_an_estimate_or_what_limits_count() -> None:
    async with stage() as on:
        await text_stream(on.ctx)
        found = await on.verdict(quota_burn.PROBE)
    assert found.verdict is Verdict.PASS
    assert found.facts["burn_method"] in {"estimate", "rate limits"}


async def test_without_a_price_nothing_is_claimed() -> None:
    def unpriced(target: SmokeTarget) -> SmokeTarget:
        assert target.prices.row == ROW
        return replace(target, prices=replace(target.prices, row=None))

    async with stage(change=unpriced) as on:
        await text_stream(on.ctx)
        found = await on.verdict(quota_burn.PROBE)
    assert found.verdict is Verdict.SKIP

"""Every probe, in every protocol that it speaks, at a provider without a fault."""

from __future__ import annotations

import pytest

from faregate.core.model_facts import ModelFacts
from faregate.core.money import Money
from faregate.providers.spec import GEMINI
from faregate.server.clock import SystemClock
from faregate.smoke.context import Profile
from faregate.smoke.probes.order import PROBES
from faregate.smoke.report.model import Readiness, RunReport
from faregate.smoke.runner import RunPlan, run_smoke
from faregate.smoke.simulated.interception import (
    Interceptor,
    RawAnswer,
    json_answer,
)
from faregate.smoke.simulated.obedient import Obedient
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import ModelLimits, SimulatorSettings
from faregate.smoke.verdict import Verdict
from faregate.upstream.session import HttpUpstream
from tests.smoke import probing
from tests.smoke.probing import CHAT, EVERY, KEY, MESSAGES, NONCE, PATIENT

WINDOW = 8_000
# What a simulated provider openly lacks, by protocol.
LACKS = {
    CHAT: {"balance", "reasoning", "logprobs"},
    probing.RESPONSES: {"balance", "reasoning"},
    MESSAGES: {"balance", "reasoning"},
    GEMINI: {"balance", "reasoning", "rate_headers"},
}


def counted_right(seen: SeenRequest) -> RawAnswer | None:
    """The simulated count of tokens counts the whole body; a real one the prompt."""
    if seen.path.endswith("/count_tokens"):
        return json_answer(200, {"input_tokens": 37})
    return None


async def run(protocol: str, profile: Profile, before: Interceptor | None) -> RunReport:
    provider = SimulatedProvider(
        settings=SimulatorSettings(
            keys=frozenset({KEY}),
            cache=True,
            limits={probing.MODEL: ModelLimits(context=WINDOW)},
        ),
        rates=probing.RATES,
    )
    await provider.start()
    provider.match(Obedient(gap=0.003))
    provider.intercept(before)
    upstream, spender = HttpUpstream(), probing.MemorySpender()
    facts = ModelFacts(context=WINDOW)
    plan = RunPlan(
        targets=(probing.target_of(provider.url, protocol, facts=facts),),
        profile=profile,
        max_cost=Money.usd(1),
        version="test",
        nonce=lambda: NONCE,
        patience=PATIENT,
    )
    try:
        report = await run_smoke(plan, upstream, spender, SystemClock())
    finally:
        await upstream.close()
        await provider.stop()
    assert not spender.open
    assert report.cost == spender.spent
    return report


@pytest.mark.parametrize("protocol", EVERY)
async def test_every_probe_passes_where_nothing_is_wrong(protocol: str) -> None:
    report = await run(protocol, Profile.FULL, counted_right)
    target = report.targets[0]
    found = {probe.id: probe.verdict for probe in target.probes}
    expected = {
        probe.id: Verdict.UNSUPPORTED if probe.id in LACKS[protocol] else Verdict.PASS
        for probe in PROBES
        if probe.profile <= Profile.FULL and protocol in probe.protocols
    } | {"balance": Verdict.SKIP}
    assert found == expected, [
        (p.id, p.finding.seen) for p in target.probes if p.verdict != expected[p.id]
    ]
    assert target.readiness is Readiness.READY
    assert target.tools is not None
    assert target.tools.text == "4/4"


@pytest.mark.parametrize("protocol", EVERY)
async def test_quick_keeps_to_ten_requests_and_three_thousand_tokens(
    protocol: str,
) -> None:
    report = await run(protocol, Profile.QUICK, None)
    target = report.targets[0]
    assert target.requests <= 10
    assert 100 < target.input_tokens + target.output_tokens <= 3000
    assert target.readiness is Readiness.READY


def test_quick_could_not_use_more_by_its_own_bounds() -> None:
    quick = [probe for probe in PROBES if probe.profile is Profile.QUICK]
    assert sum(probe.requests for probe in quick) <= 10
    assert sum(p.input_tokens + p.output_tokens for p in quick) <= 3000

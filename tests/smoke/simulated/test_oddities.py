"""What single providers do differently is read right, and is not taken for a fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faregate.core.usage import Usage
from faregate.protocols.flags import COMPLETION_EXCLUDES_REASONING
from faregate.providers.registry import by_name
from faregate.providers.spec import ErrorClass
from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.causes import Cause
from faregate.smoke.exchanges import text_stream
from faregate.smoke.probe import Probe
from faregate.smoke.probes import basic, hygiene, stream_equals, usage, usage_sums
from faregate.smoke.simulated.faults.oddities import ODDITIES, worded
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.script import Step
from faregate.smoke.verdict import Verdict
from tests.smoke.probing import stage
from tests.smoke.refusals import CASES

COUNTS = Counts(input=100, cached=40, output=50, reasoning=20)
TRUTH = Usage(uncached_input=100, cache_read=40, output=50, reasoning=20)


def excluding(target: SmokeTarget) -> SmokeTarget:
    """Return a target that says where its reasoning is counted, as the catalogue does."""
    flags = frozenset({COMPLETION_EXCLUDES_REASONING})
    return replace(
        target,
        spec=replace(target.spec, usage_flags=flags),
        prices=replace(target.prices, usage_flags=flags),
    )


@pytest.mark.parametrize("name", [n for n in ODDITIES if n != "fixed_parameters"])
async def test_usage_is_the_truth_in_every_form(name: str) -> None:
    apart = name == "reasoning_apart"
    said = Step(
        text="ZEBRA-4821 one", reasoning="well", usage=COUNTS, fault=ODDITIES[name]
    )
    async with stage(change=excluding if apart else lambda target: target) as on:
        on.provider.match(lambda _: said)
        asked = await text_stream(on.ctx)
        found = asked.answer.usage
        assert found is not None
        assert (found.uncached_input, found.cache_read) == (100, 40)
        assert (found.output, found.reasoning) == (TRUTH.output, TRUTH.reasoning)
        assert asked.cost == on.provider.bill.total
        assert asked.said.reasoning == "well"
        for probe in (basic.PROBE, usage_sums.PROBE, stream_equals.PROBE):
            verdict = (await on.verdict(probe)).verdict
            assert verdict is Verdict.PASS, probe.id


@pytest.mark.parametrize(
    ("name", "probe"),
    [("usage_before_last", usage.PROBE), ("empty_choices", hygiene.PROBE)],
)
async def test_chunks_that_say_nothing_are_no_fault(name: str, probe: Probe) -> None:
    async with stage(fault=ODDITIES[name]) as on:
        assert (await on.verdict(probe)).verdict is Verdict.PASS


async def test_a_model_with_fixed_parameters_is_asked_without_them() -> None:
    async with stage(fault=ODDITIES["fixed_parameters"]) as on:
        assert (await on.verdict(basic.PROBE)).verdict is Verdict.PASS
        assert (await on.verdict(stream_equals.PROBE)).verdict is not Verdict.FAIL


@pytest.mark.parametrize(("provider", "status", "body", "kind", "cause"), CASES)
async def test_each_providers_words_are_told_apart(
    provider: str, status: int, body: object, kind: ErrorClass, cause: Cause
) -> None:
    spec = by_name(provider)
    assert spec is not None

    def like(target: SmokeTarget) -> SmokeTarget:
        rules = replace(target.spec, error_rules=spec.error_rules)
        return replace(target, spec=rules)

    async with stage(fault=worded(status, body), change=like) as on:
        found = await on.verdict(basic.PROBE)
        assert not on.provider.bill.total
    assert found.verdict is Verdict.FAIL
    assert (found.facts["error_class"], found.facts["cause"]) == (kind, cause)

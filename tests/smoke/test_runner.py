"""Whole runs: order, bounds, money, and a report whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from time import monotonic

import pytest

from faregate.core.money import ZERO, Money
from faregate.server.clock import SystemClock
from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.context import ProbeContext, Profile
from faregate.smoke.probe import Group, Probe
from faregate.smoke.report.model import ProbeResult, Readiness, RunReport
from faregate.smoke.runner import RunPlan, chosen, estimate, run_smoke
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.interception import RawAnswer
from faregate.smoke.simulated.obedient import Obedient
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import SimulatorSettings
from faregate.smoke.verdict import Finding, Verdict, passed
from faregate.upstream.session import HttpUpstream
from tests.smoke.probing import (
    KEY,
    NONCE,
    PATIENT,
    RATES,
    SHORT,
    MemorySpender,
    target_of,
)

TINY = replace(SHORT, request_s=0.3, error_s=0.3, probe_s=1.0)


@dataclass(slots=True)
class Bench:
    """One provider, a purse, and a way to run against them."""

    provider: SimulatedProvider
    spender: MemorySpender
    upstream: HttpUpstream

    def plan(self, *targets: SmokeTarget, **changes: object) -> RunPlan:
        plan = RunPlan(
            targets=targets or (target_of(self.provider.url),),
            profile=Profile.QUICK,
            max_cost=Money.usd(1),
            version="1.2.3",
            nonce=lambda: NONCE,
            patience=PATIENT,
        )
        return replace(plan, **changes)  # type: ignore[arg-type]

    async def run(
        self,
        plan: RunPlan,
        watch: Callable[[SmokeTarget, ProbeResult], None] | None = None,
    ) -> RunReport:
        report = await run_smoke(
            plan, self.upstream, self.spender, SystemClock(), watch=watch
        )
        assert not self.spender.open
        assert report.cost == self.spender.spent
        return report


@contextlib.asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    settings = SimulatorSettings(keys=frozenset({KEY}))
    provider = SimulatedProvider(settings=settings, rates=RATES)
    await provider.start()
    provider.match(Obedient(gap=0.002))
    upstream = HttpUpstream()
    try:
        yield Bench(provider, MemorySpender(), upstream)
    finally:
        await upstream.close()
        await provider.stop()


def probe(
    id: str, finding: Finding | None = None, *, needs: tuple[str, ...] = ()
) -> Probe:
    async def run(_: ProbeContext) -> Finding:
        return finding or passed("fine")

    return Probe(
        id=id,
        title=id,
        group=Group.CHAT,
        profile=Profile.QUICK,
        run=run,
        needs=needs,
    )


async def test_the_bill_the_ledger_and_the_report_agree() -> None:
    async with bench() as on:
        report = await on.run(on.plan())
        assert report.cost == on.provider.bill.total
        assert report.targets[0].estimated is False


async def test_what_stated_no_usage_is_booked_above_its_bill() -> None:
    async with bench() as on:
        report = await on.run(on.plan(profile=Profile.FULL))
        guessed = [e for e in on.spender.ends if e.cost_source == "estimated"]
        # The answer that was broken off, and the stream without usage.
        assert len(guessed) == 2
        assert report.targets[0].estimated
        assert on.provider.bill.total < report.cost


async def test_a_dead_address_ends_at_once_and_names_the_cause() -> None:
    async with bench() as on:
        await on.provider.stop()
        gone = target_of("http://127.0.0.1:9")
        report = await on.run(on.plan(gone, profile=Profile.FULL))
    target = report.targets[0]
    assert target.readiness is Readiness.UNREACHABLE
    assert target.cause is not None
    assert target.cause.id == "reach"
    assert target.requests <= 2
    assert {p.verdict for p in target.probes[1:]} <= {Verdict.SKIP, Verdict.UNSUPPORTED}


@pytest.mark.parametrize("fault", ["401", "402", "404", "html_page", "500", "redirect"])
async def test_a_basic_failure_is_the_cause_and_the_rest_is_spared(fault: str) -> None:
    async with bench() as on:
        on.provider.match(Obedient(fault=TABLE[fault]))
        report = await on.run(on.plan(profile=Profile.FULL))
    target = report.targets[0]
    assert target.readiness is Readiness.NOT_READY
    assert target.cause is not None
    assert target.cause.id == "basic"
    assert target.requests <= 6
    if fault != "html_page":
        # A page under status 200 proves nothing about a bill.
        assert target.cost == ZERO
    assert bool(target.unknown) is (fault in {"402", "500"})


@pytest.mark.parametrize(
    "fault",
    [
        "burst",
        "usage_missing",
        "usage_inflated",
        "no_done",
        "tools_as_text",
        "error_first",
        "swapped_model",
        "slow_drip",
        "endless",
        "stall_before_first_byte",
        "stall_midway",
        "stall_after_headers",
        "reset_mid_header",
        "gzip_bomb",
        "long_line",
        "truncated_json",
        "gzipped",
        "escapes",
        "null_bytes",
        "many_data_lines",
        "pings_only",
        "empty_answer",
        "no_content",
        "partial_content",
    ],
)
async def test_no_misbehaviour_hangs_or_breaks_a_run(fault: str) -> None:
    async with bench() as on:
        on.provider.match(Obedient(fault=TABLE[fault]))
        began = monotonic()
        report = await on.run(on.plan(patience=TINY))
        took = monotonic() - began
        bound = sum(p.requests for p in chosen(on.plan())) * TINY.request_s
    target = report.targets[0]
    assert target.complete
    assert took < bound + 5
    if fault not in {"gzipped", "null_bytes", "many_data_lines", "burst", "escapes"}:
        assert target.readiness is not Readiness.READY, target
    text = repr(report)
    assert KEY not in text
    assert "\x1b" not in text


async def test_a_probe_that_never_ends_is_ended() -> None:
    async def forever(_: ProbeContext) -> Finding:
        await asyncio.sleep(60)
        return passed("never")

    stuck = replace(probe("stuck"), run=forever)
    async with bench() as on:
        report = await on.run(
            on.plan(probes=(stuck, probe("next")), patience=replace(TINY, probe_s=0.1))
        )
    first, second = report.targets[0].probes
    assert first.verdict is Verdict.FAIL
    assert "no end within" in first.finding.seen
    assert second.verdict is Verdict.PASS


async def test_an_answer_of_an_odd_shape_fails_one_probe_only() -> None:
    async def odd(_: ProbeContext) -> Finding:
        raise KeyError("choices")

    broken = replace(probe("odd"), run=odd)
    async with bench() as on:
        report = await on.run(on.plan(probes=(broken, probe("next"))))
    verdicts = [p.verdict for p in report.targets[0].probes]
    assert verdicts == [Verdict.FAIL, Verdict.PASS]


class TestMoney:
    async def test_the_runs_own_limit_skips_what_does_not_fit(self) -> None:
        async with bench() as on:
            report = await on.run(on.plan(max_cost=Money.usd("0.004")))
            spent = on.spender.spent
        assert spent <= Money.usd("0.004")
        target = report.targets[0]
        skipped = [p for p in target.probes if p.verdict is Verdict.SKIP]
        assert any("--max-cost" in p.finding.seen for p in skipped)

    async def test_nothing_is_sent_when_nothing_may_be_spent(self) -> None:
        async with bench() as on:
            report = await on.run(on.plan(max_cost=ZERO))
            assert on.provider.generations == []
        assert report.cost == ZERO

    async def test_a_full_budget_refuses_the_target(self) -> None:
        async with bench() as on:
            on.spender.room = ZERO
            report = await on.run(on.plan())
            assert on.provider.generations == []
        assert report.targets[0].readiness is Readiness.REFUSED

    async def test_a_free_target_needs_no_room(self) -> None:
        async with bench() as on:
            on.spender.room = ZERO
            target = target_of(on.provider.url, free=True)
            report = await on.run(on.plan(target, max_cost=ZERO))
        assert report.targets[0].readiness is Readiness.READY
        assert report.targets[0].cost == ZERO

    def test_the_estimate_covers_what_the_probes_say(self) -> None:
        plan_probes = (
            replace(probe("a"), input_tokens=1000, output_tokens=100),
            replace(probe("b"), input_tokens=500, output_tokens=0),
        )
        target = target_of("http://127.0.0.1:9")
        assert estimate(target, plan_probes) == Money.usd("0.0025")
        unpriced = replace(target, prices=replace(target.prices, row=None))
        assert estimate(unpriced, plan_probes) is None


async def test_two_targets_run_side_by_side_and_no_more() -> None:
    running = peak = 0

    async def slow(_: ProbeContext) -> Finding:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await asyncio.sleep(0.05)
        running -= 1
        return passed("fine")

    async with bench() as on:
        targets = [target_of(on.provider.url, model=f"m{n}") for n in range(4)]
        only = (replace(probe("slow"), run=slow),)
        report = await on.run(on.plan(*targets, probes=only))
    assert peak == 2
    assert [t.model for t in report.targets] == ["m0", "m1", "m2", "m3"]


async def test_an_interrupted_run_reports_what_it_found_and_books_it() -> None:
    async with bench() as on:
        on.provider.match(Obedient(gap=0.05))
        found: list[str] = []
        plan = on.plan(profile=Profile.FULL)
        task = asyncio.ensure_future(on.run(plan, lambda _, r: found.append(r.id)))
        await asyncio.sleep(1.0)
        assert not task.done()
        task.cancel()
        report = await task
    target = report.targets[0]
    assert report.interrupted
    assert not target.complete
    assert target.readiness is Readiness.NOT_READY
    assert [p.id for p in target.probes] == found
    assert report.cost == on.spender.spent


async def test_a_provider_alone_takes_the_first_model_it_lists() -> None:
    async with bench() as on:
        report = await on.run(on.plan(target_of(on.provider.url, model="")))
    assert report.targets[0].name == "sim/sim-small"
    assert report.targets[0].readiness is Readiness.READY


async def test_a_provider_that_lists_nothing_needs_a_name() -> None:
    async with bench() as on:
        on.provider.intercept(lambda _: RawAnswer(status=404, body=b"{}"))
        report = await on.run(on.plan(target_of(on.provider.url, model="")))
        assert on.provider.generations == []
    skipped = [p for p in report.targets[0].probes if p.verdict is Verdict.SKIP]
    assert any("name one as" in p.finding.seen for p in skipped)
    assert report.targets[0].readiness is not Readiness.READY


async def test_tool_calls_are_compared_with_a_reference() -> None:
    async with bench() as on:
        usual = Obedient()

        def matcher(seen: object) -> Step:
            step = usual(seen)  # type: ignore[arg-type]
            weak = getattr(seen, "model", "") == "sim-cheap"
            return Step(text="Hm.") if weak and "Oslo" in str(step.tools) else step

        on.provider.match(matcher)
        weak = target_of(on.provider.url, model="sim-cheap")
        vendor = target_of(on.provider.url, model="sim-large")
        report = await on.run(on.plan(weak, reference=vendor, profile=Profile.FULL))
    ours, theirs = report.targets
    assert report.reference == theirs.name == "sim/sim-large"
    assert theirs.trigger_f1 is None
    assert ours.trigger_f1 == pytest.approx(12 / 14)

"""Runs the probes over the targets, two targets side by side.

Owns the order, the bounds of time and money, and that a run always ends in a report:
broken off too, and whatever a provider does.
"""

from __future__ import annotations

import asyncio
from dataclasses import field, replace
from typing import TYPE_CHECKING

from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass
from faregate.smoke.accuracy import score, trigger_f1
from faregate.smoke.asking.asker import MOST_BYTES, Asker, RefusedError
from faregate.smoke.asking.spending import Purse
from faregate.smoke.context import ProbeContext, Profile
from faregate.smoke.exchanges import models
from faregate.smoke.metrics import Speed, speed_of
from faregate.smoke.patience import Patience
from faregate.smoke.probes.order import PROBES
from faregate.smoke.report.model import (
    ProbeResult,
    RunReport,
    TargetResult,
    readiness_of,
)
from faregate.smoke.verdict import Finding, Verdict, failed, skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.gateway.ports import Clock, Upstream
    from faregate.smoke.asking.spending import Spender
    from faregate.smoke.asking.target import SmokeTarget
    from faregate.smoke.probe import Probe

SIDE_BY_SIDE = 2
_ODD = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError)
"""What reading an answer of a shape that nobody foresaw may raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What to run. `nonce` makes the codes that answers must repeat."""

    targets: tuple[SmokeTarget, ...]
    profile: Profile
    max_cost: Money
    version: str
    nonce: Callable[[], str]
    patience: Patience = field(default_factory=Patience)
    reference: SmokeTarget | None = None
    """Its tool calls are what the others' are compared with."""
    most_bytes: int = MOST_BYTES
    probes: tuple[Probe, ...] = PROBES


def chosen(plan: RunPlan) -> tuple[Probe, ...]:
    """Return the probes of the plan's profile."""
    return tuple(p for p in plan.probes if p.profile <= plan.profile)


def estimate(target: SmokeTarget, probes: Sequence[Probe]) -> Money | None:
    """Return the most that a run over a target is expected to cost; None unpriced."""
    row = target.prices.row
    if row is None:
        return None
    mine = [p for p in probes if target.dialect.protocol in p.protocols]
    tokens_in = sum(p.input_tokens for p in mine)
    tokens_out = sum(p.output_tokens for p in mine)
    rates = row.base.times(target.prices.multiplier)
    return Money(rates.input * tokens_in + rates.output * tokens_out)


async def run_smoke(
    plan: RunPlan,
    upstream: Upstream,
    spender: Spender,
    clock: Clock,
    *,
    watch: Callable[[SmokeTarget, ProbeResult], None] | None = None,
) -> RunReport:
    """Run everything and return the report; cancelled, return what there is.

    Raises LedgerError or ControlError when money can no longer be booked.
    """
    started = clock.now_ms()
    purse = Purse(spender, plan.max_cost)
    everyone = list(plan.targets)
    if plan.reference is not None and plan.reference not in everyone:
        everyone.append(plan.reference)
    runs = [
        _TargetRun(plan, target, upstream, purse, clock, watch) for target in everyone
    ]
    interrupted = False
    try:
        await _side_by_side(runs)
    except asyncio.CancelledError:
        # The person's Ctrl-C: what was found so far is worth a report.
        interrupted = True
    results = _compared(plan, runs, [run.result() for run in runs])
    return RunReport(
        version=plan.version,
        profile=plan.profile.name.lower(),
        started_at_ms=started,
        max_cost=plan.max_cost,
        targets=tuple(results),
        reference=None if plan.reference is None else plan.reference.name,
        interrupted=interrupted,
    )


async def _side_by_side(runs: list[_TargetRun]) -> None:
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(run: _TargetRun) -> None:
        async with gate:
            await run.run()

    try:
        async with asyncio.TaskGroup() as group:
            for run in runs:
                group.create_task(one(run), name=f"smoke {run.target.name}")
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from several


def _compared(
    plan: RunPlan, runs: list[_TargetRun], results: list[TargetResult]
) -> list[TargetResult]:
    """Return the results with the trigger F1 against the reference."""
    if plan.reference is None:
        return results
    wanted = next((r.ctx.tool_runs for r in runs if r.target is plan.reference), [])
    return [
        result
        if run.target is plan.reference
        else replace(result, trigger_f1=trigger_f1(run.ctx.tool_runs, wanted))
        for run, result in zip(runs, results, strict=True)
    ]


class _TargetRun:
    """One target on its way through the probes."""

    def __init__(
        self,
        plan: RunPlan,
        target: SmokeTarget,
        upstream: Upstream,
        purse: Purse,
        clock: Clock,
        watch: Callable[[SmokeTarget, ProbeResult], None] | None,
    ) -> None:
        self.target = target
        self._plan = plan
        self._clock = clock
        self._watch = watch
        self._asker = Asker(target, upstream, purse, clock, most_bytes=plan.most_bytes)
        self.ctx = ProbeContext(
            asker=self._asker,
            clock=clock,
            profile=plan.profile,
            nonce=plan.nonce(),
            patience=plan.patience,
        )
        self._results: list[ProbeResult] = []
        self._started_ms = clock.now_ms()
        self._began = clock.monotonic()
        self._complete = False
        self._refused = False

    async def run(self) -> None:
        """Run each probe that the profile, the protocol and its needs allow."""
        self._started_ms = self._clock.now_ms()
        self._began = self._clock.monotonic()
        if not self.ctx.model:
            await models(self.ctx)
        for probe in chosen(self._plan):
            if self.target.dialect.protocol not in probe.protocols:
                continue
            before = len(self.ctx.transcripts)
            began = self._clock.monotonic()
            finding = await self._finding(probe)
            self.ctx.found[probe.id] = finding
            asked = self.ctx.transcripts[before:]
            result = ProbeResult(
                id=probe.id,
                title=probe.title,
                group=probe.group,
                finding=finding,
                requests=len(asked),
                cost=sum((t.cost for t in asked), ZERO),
                duration_s=self._clock.monotonic() - began,
            )
            self._results.append(result)
            if self._watch is not None:
                self._watch(self.target, result)
        self._complete = True

    async def _finding(self, probe: Probe) -> Finding:
        """Return a probe's finding, whatever happens to it."""
        blocked = self._blocked(probe)
        if blocked is not None:
            return skipped(blocked)
        try:
            async with asyncio.timeout(self._plan.patience.probe_s):
                return await probe.run(self.ctx)
        except TimeoutError:
            return failed(
                f"no end within {self._plan.patience.probe_s:g} s",
                "agents hang here as well",
                "try again later, or use another target",
                answered=False,
            )
        except RefusedError as error:
            refused = error.refused
            self._refused = self._refused or not refused.by_run
            return skipped(refused.why)
        except _ODD as error:
            return failed(
                f"its answer has a form that nobody foresaw ({type(error).__name__})",
                "agents stop with an error of their own",
                "report it, with the output of --json",
            )

    def _blocked(self, probe: Probe) -> str | None:
        if self._refused:
            return "a budget has no room"
        for need in probe.needs:
            found = self.ctx.found.get(need)
            if found is None or found.verdict in {Verdict.PASS, Verdict.WARN}:
                continue
            return f"after {need}: {found.verdict.value}"
        if probe.id not in {"reach", "models"} and not self.ctx.model:
            return "no model: the provider lists none; name one as provider/model"
        return None

    def result(self) -> TargetResult:
        """Return what was found so far."""
        ctx = self.ctx
        probes = tuple(self._results)
        usages = [t.answer.usage for t in ctx.transcripts if t.answer.usage]
        kept = ctx.kept("text_stream")
        runs = ctx.tool_runs
        unknown = sum((t.held for t in ctx.transcripts if t.booked == "unknown"), ZERO)
        model = ctx.model or self.target.model
        return TargetResult(
            name=replace(self.target, model=model).name,
            provider=self.target.spec.name,
            model=model,
            protocol=self.target.dialect.protocol,
            base_url=self.target.base_url,
            readiness=readiness_of(
                probes, refused=self._refused, complete=self._complete
            ),
            started_at_ms=self._started_ms,
            duration_s=self._clock.monotonic() - self._began,
            probes=probes,
            speed=Speed() if kept is None else speed_of(kept),
            tools=score(r for r in runs if not r.streamed) if runs else None,
            tools_streamed=score(r for r in runs if r.streamed) if runs else None,
            requests=len(ctx.transcripts),
            input_tokens=sum(usage.input_tokens for usage in usages),
            output_tokens=sum(usage.output for usage in usages),
            cost=sum((t.cost for t in ctx.transcripts), ZERO),
            unknown=unknown,
            estimated=any(t.cost_source == "estimated" for t in ctx.transcripts),
            unpriced=self.target.prices.row is None,
            complete=self._complete,
        )

"""A run as it is kept: what each probe found, figures, and what was learned."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.control.smoke_runs import Figure, SmokeProbe, SmokeRunView
from faregate.smoke.report.learned import learned_of

if TYPE_CHECKING:
    from faregate.smoke.accuracy import ToolScore
    from faregate.smoke.report.model import ProbeResult, RunReport, TargetResult

_BALANCE_FACTS = ("balance", "balance_unit", "burn", "burn_unit", "burn_method")


def runs_of(report: RunReport, run: str) -> list[SmokeRunView]:
    """Return the results to keep, under the run's id; broken-off targets are left out.

    Half a run would look like a regression of everything that it did not reach.
    """
    return [
        _run(target, report, run)
        for target in report.targets
        if target.complete and target.probes
    ]


def _run(target: TargetResult, report: RunReport, run: str) -> SmokeRunView:
    at = datetime.fromtimestamp(target.started_at_ms / 1000, UTC)
    return SmokeRunView(
        run=run,
        at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        target=target.name,
        protocol=target.protocol,
        profile=report.profile,
        readiness=target.readiness.value,
        cost=target.cost.exact(),
        probes=[_probe(probe) for probe in target.probes],
        metrics=metrics_of(target),
        learned=dict(learned_of(target)),
    )


def _probe(probe: ProbeResult) -> SmokeProbe:
    finding = probe.finding
    return SmokeProbe(
        id=probe.id,
        title=probe.title,
        group=probe.group.value,
        verdict=finding.verdict.value,
        seen=finding.seen,
        means=finding.means,
        fix=finding.fix,
    )


def metrics_of(target: TargetResult) -> dict[str, Figure]:
    """Return every figure of a target that is known, by stable names."""
    found: dict[str, Figure] = {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in asdict(target.speed).items()
    }
    found["requests"] = target.requests
    found["input_tokens"] = target.input_tokens
    found["output_tokens"] = target.output_tokens
    found["trigger_f1"] = target.trigger_f1
    found |= _accuracy("tools", target.tools)
    found |= _accuracy("tools_streamed", target.tools_streamed)
    for probe in target.probes:
        facts = probe.finding.facts
        found |= {name: facts[name] for name in _BALANCE_FACTS if name in facts}
    return {name: value for name, value in found.items() if value is not None}


def _accuracy(name: str, score: ToolScore | None) -> dict[str, Figure]:
    if score is None or not score.calls:
        return {}
    return {
        f"{name}_calls": score.calls,
        f"{name}_accuracy": round(score.valid / score.calls, 4),
    }

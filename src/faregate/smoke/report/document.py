"""The JSON of a run. Additive only: fields are never renamed or removed.

Money is a decimal string in USD, times are seconds, instants RFC 3339 in UTC.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from faregate.smoke.verdict import Verdict

if TYPE_CHECKING:
    from faregate.smoke.accuracy import ToolScore
    from faregate.smoke.report.model import ProbeResult, RunReport, TargetResult

SCHEMA = 1


def document_of(report: RunReport) -> dict[str, Any]:
    """Return a run as one JSON document."""
    return {
        "schema": SCHEMA,
        "version": report.version,
        "profile": report.profile,
        "started_at": _instant(report.started_at_ms),
        "interrupted": report.interrupted,
        "max_cost": report.max_cost.exact(),
        "cost": report.cost.exact(),
        "unknown": report.unknown.exact(),
        "reference": report.reference,
        "targets": [_target(target) for target in report.targets],
    }


def _target(target: TargetResult) -> dict[str, Any]:
    cause = target.cause
    return {
        "target": target.name,
        "provider": target.provider,
        "model": target.model,
        "protocol": target.protocol,
        "base_url": target.base_url,
        "readiness": target.readiness.value,
        "cause": None if cause is None else cause.id,
        "complete": target.complete,
        "started_at": _instant(target.started_at_ms),
        "duration_s": round(target.duration_s, 3),
        "requests": target.requests,
        "input_tokens": target.input_tokens,
        "output_tokens": target.output_tokens,
        "cost": target.cost.exact(),
        "unknown": target.unknown.exact(),
        "cost_source": (
            "unpriced"
            if target.unpriced
            else "estimated"
            if target.estimated
            else "reported"
        ),
        "verdicts": {v.value: target.count(v) for v in Verdict},
        "metrics": {
            name: round(value, 6) if isinstance(value, float) else value
            for name, value in asdict(target.speed).items()
        },
        "tools": {
            "whole": _score(target.tools),
            "streamed": _score(target.tools_streamed),
            "trigger_f1": target.trigger_f1,
        },
        "probes": [_probe(probe) for probe in target.probes],
    }


def _probe(probe: ProbeResult) -> dict[str, Any]:
    finding = probe.finding
    return {
        "id": probe.id,
        "title": probe.title,
        "group": probe.group.value,
        "verdict": finding.verdict.value,
        "seen": finding.seen,
        "means": finding.means,
        "fix": finding.fix,
        "facts": dict(finding.facts),
        "requests": probe.requests,
        "cost": probe.cost.exact(),
        "duration_s": round(probe.duration_s, 3),
    }


def _score(score: ToolScore | None) -> dict[str, int] | None:
    return None if score is None else asdict(score)


def _instant(ms: int) -> str:
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

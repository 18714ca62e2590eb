"""What of a run is kept, and what it teaches about a provider."""

from __future__ import annotations

from dataclasses import replace

from faregate.control.smoke_runs import row_of, view_of
from faregate.core.money import Money
from faregate.smoke.accuracy import ToolScore
from faregate.smoke.metrics import Speed
from faregate.smoke.probe import Group
from faregate.smoke.report.history import metrics_of, runs_of
from faregate.smoke.report.learned import learned_of, tools_work
from faregate.smoke.report.model import (
    ProbeResult,
    Readiness,
    RunReport,
    TargetResult,
)
from faregate.smoke.verdict import Fact, Finding, Verdict


def probe(name: str, verdict: Verdict, **facts: Fact) -> ProbeResult:
    return ProbeResult(
        id=name,
        title=name.title(),
        group=Group.TOOLS,
        finding=Finding(verdict=verdict, seen="saw", fix="fix", facts=facts),
    )


def target(*probes: ProbeResult) -> TargetResult:
    return TargetResult(
        name="p/m",
        provider="p",
        model="m",
        protocol="openai_chat",
        base_url="http://127.0.0.1",
        readiness=Readiness.READY,
        started_at_ms=1_795_430_400_125,
        duration_s=2.0,
        probes=probes,
        speed=Speed(ttfb_s=0.25, gaps=3),
        cost=Money.usd("0.0004"),
    )


def report(*targets: TargetResult) -> RunReport:
    return RunReport(
        version="1",
        profile="quick",
        started_at_ms=0,
        max_cost=Money(0),
        targets=targets,
    )


def test_a_result_can_be_kept_and_read_back() -> None:
    (view,) = runs_of(report(target(probe("tool", Verdict.FAIL))), "r1")
    assert view_of(row_of(view)) == view
    assert (view.run, view.target, view.profile) == ("r1", "p/m", "quick")
    assert view.at == "2026-11-23T10:40:00.125Z"
    assert view.probes[0].verdict == "FAIL"
    assert view.metrics["ttfb_s"] == 0.25
    assert view.learned == {"tools": False}


def test_a_target_that_was_broken_off_is_not_kept() -> None:
    half = replace(target(probe("tool", Verdict.PASS)), complete=False)
    assert runs_of(report(half, target()), "r1") == []


def test_figures_that_are_not_known_are_left_out() -> None:
    scored = replace(
        target(), tools=ToolScore(runs=5, calls=5, valid=4), trigger_f1=0.5
    )
    found = metrics_of(scored)
    assert found["tools_accuracy"] == 0.8
    assert found["trigger_f1"] == 0.5
    assert "decode_tps" not in found
    assert "tools_accuracy" not in metrics_of(
        replace(target(), tools=ToolScore(runs=5, calls=0, valid=0))
    )


def test_tools_work_only_when_all_that_was_tried_did() -> None:
    ok, bad = probe("tool", Verdict.WARN), probe("tool_stream", Verdict.FAIL)
    assert tools_work(target(ok)) is True
    assert tools_work(target(ok, bad)) is False
    assert tools_work(target(probe("tool", Verdict.UNSUPPORTED))) is False
    assert tools_work(target(probe("tool", Verdict.SKIP))) is None
    assert tools_work(target()) is None
    # A busy provider says nothing of tools.
    silent = probe("tool", Verdict.FAIL, answered=False)
    assert tools_work(target(silent)) is None
    assert tools_work(target(silent, bad)) is False


def test_what_was_seen_of_metering_is_learned() -> None:
    learned = learned_of(
        target(
            probe("usage", Verdict.WARN, places="choices[0]", blocks=2),
            probe("usage_unasked", Verdict.PASS, usage_unasked=True),
            probe("cadence", Verdict.WARN),
            probe("max_tokens", Verdict.PASS, field="max_tokens"),
        )
    )
    assert learned == {
        "usage_in_streams": True,
        "usage_place": "choices[0]",
        "usage_blocks": 2,
        "usage_unasked": True,
        "bursts": True,
        "output_field": "max_tokens",
        "output_bound_kept": True,
    }


def test_that_include_usage_is_refused_is_learned_though_usage_failed() -> None:
    refused = probe("usage", Verdict.FAIL, include_usage=False, places="")
    assert learned_of(target(refused)) == {
        "usage_in_streams": False,
        "include_usage": False,
    }
    ignored = probe("max_tokens", Verdict.FAIL, field="max_tokens")
    assert learned_of(target(ignored)) == {"output_bound_kept": False}
    silent = probe("max_tokens", Verdict.FAIL, answered=False)
    assert learned_of(target(silent)) == {}


def test_what_was_not_tried_teaches_nothing() -> None:
    skipped = [
        probe(name, Verdict.SKIP, places="x", include_usage=True, field="y")
        for name in ("usage", "usage_unasked", "cadence", "cancel", "max_tokens")
    ]
    assert learned_of(target(*skipped)) == {}

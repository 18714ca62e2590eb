"""What is told as a change between runs, and what is noise."""

from __future__ import annotations

import msgspec
import pytest

from faregate.control.smoke_runs import Figure, SmokeProbe, SmokeRunView, VerdictText
from faregate.smoke.report.compare import Change, compare


def run(
    name: str,
    *,
    profile: str = "quick",
    readiness: str = "READY",
    metrics: dict[str, Figure] | None = None,
    learned: dict[str, Figure] | None = None,
    **verdicts: VerdictText,
) -> SmokeRunView:
    return SmokeRunView(
        run=name,
        at="2026-11-23T10:40:00Z",
        target="p/m",
        protocol="openai_chat",
        profile=profile,
        readiness=readiness,
        cost="0",
        probes=[
            SmokeProbe(id=probe, title=probe, group="chat", verdict=v, seen="saw it")
            for probe, v in verdicts.items()
        ],
        metrics=metrics or {},
        learned=learned or {},
    )


def changes(now: SmokeRunView, *earlier: SmokeRunView) -> list[tuple[str, bool | None]]:
    return [(change.what, change.worse) for change in compare(now, earlier)]


def ttfb(name: str, seconds: float) -> SmokeRunView:
    return run(name, metrics={"ttfb_s": seconds})


def test_the_same_again_is_no_change() -> None:
    old = run("a", basic="PASS", tool="FAIL", metrics={"ttfb_s": 0.4})
    assert compare(msgspec.structs.replace(old, run="b"), [old]) == []


def test_nothing_is_compared_with_itself_or_with_another_target() -> None:
    now = run("a", basic="FAIL")
    other = msgspec.structs.replace(run("b", basic="PASS"), target="p/other")
    assert compare(now, [now, other]) == []
    assert compare(now, []) == []


def test_a_verdict_that_got_worse_tells_what_was_seen() -> None:
    (change,) = compare(run("b", tool="FAIL"), [run("a", tool="PASS")])
    assert change == Change(
        target="p/m",
        what="tool",
        before="PASS",
        after="FAIL",
        worse=True,
        sentence="p/m tool: PASS -> FAIL (saw it)",
    )


def test_worse_things_stand_first() -> None:
    old = run("a", stop="FAIL", tool="PASS", learned={"output_field": "max_tokens"})
    now = run("b", stop="PASS", tool="FAIL", learned={"output_field": "other"})
    assert changes(now, old) == [
        ("tool", True),
        ("stop", False),
        ("output_field", None),
    ]


def test_a_skipped_probe_is_compared_with_the_last_time_it_ran() -> None:
    before = (run("b", tool="SKIP"), run("a", tool="PASS"))
    assert changes(run("c", tool="FAIL"), *before) == [("tool", True)]
    assert changes(run("c", tool="SKIP"), *before) == []
    assert changes(run("c", tool="PASS"), run("b", tool="SKIP")) == []


def test_a_deeper_profile_is_no_regression() -> None:
    quick = run("a", basic="PASS", readiness="READY")
    full = run(
        "b",
        profile="full",
        basic="PASS",
        stop="WARN",
        readiness="READY WITH LIMITATIONS",
    )
    assert changes(full, quick) == []
    assert changes(run("c", readiness="NOT READY"), full, quick) == [
        ("readiness", True)
    ]


def test_few_runs_tell_only_what_doubled_or_halved() -> None:
    old = ttfb("a", 0.5)
    assert changes(ttfb("b", 0.9), old) == []
    assert changes(ttfb("b", 1.1), old) == [("ttfb_s", True)]
    assert changes(ttfb("b", 0.2), old) == [("ttfb_s", False)]


def test_a_small_difference_is_none_even_when_it_doubled() -> None:
    assert changes(ttfb("b", 0.1), ttfb("a", 0.02)) == []


def test_many_runs_tell_how_much_is_usual() -> None:
    steady = [ttfb(str(n), 0.5 + n / 100) for n in range(6)]
    wild = [ttfb(str(n), 0.2 + n / 2) for n in range(6)]
    now = ttfb("now", 1.0)
    assert changes(now, *steady) == [("ttfb_s", True)]
    assert changes(now, *wild) == []


def test_one_odd_run_before_does_not_hide_a_change() -> None:
    odd = [ttfb("x", 30.0), *(ttfb(str(n), 0.5) for n in range(5))]
    assert changes(ttfb("now", 2.0), *odd) == [("ttfb_s", True)]


def test_a_rate_that_falls_is_worse() -> None:
    old = run("a", metrics={"decode_tps": 100.0, "tools_accuracy": 1.0})
    now = run("b", metrics={"decode_tps": 30.0, "tools_accuracy": 0.4})
    assert changes(now, old) == [("decode_tps", True), ("tools_accuracy", True)]


@pytest.mark.parametrize("value", [True, "fast", None])
def test_what_is_no_number_is_not_compared(value: Figure) -> None:
    now = run("b", metrics={"ttfb_s": value})
    assert compare(now, [ttfb("a", 9.0)]) == []

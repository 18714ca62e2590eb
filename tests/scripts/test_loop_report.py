"""How well loops are found, held as floors, and how the report counts."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faregate.core.loops.finding import Loop, LoopRule, LoopSettings

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(name="report")
def _report(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(SCRIPTS)
    yield importlib.import_module("loop_report")
    sys.modules.pop("loop_report", None)


def verdicts(report: Any, half: str) -> list[Any]:
    cases = report.read_corpus(half)
    return [report.judge(case, LoopSettings()) for case in cases]


@pytest.mark.parametrize("half", ["tuning", "held_out", "held_out_2", "held_out_3"])
def test_no_honest_work_is_stopped_and_loops_are_within_five_rounds(
    report: Any, half: str
) -> None:
    found = verdicts(report, half)
    loops = [verdict for verdict in found if verdict.case.is_loop]
    assert len(loops) >= 30
    assert len(found) - len(loops) >= 30

    assert [v.case.name for v in found if v.is_false] == []
    assert sum(v.is_in_time for v in loops) >= 0.95 * len(loops)


def test_the_corpus_is_large_and_recorded(report: Any) -> None:
    cases = [case for half in report.HALVES for case in report.read_corpus(half)]
    turns = {case.name: case for case in cases}
    recorded = [case for case in cases if case.source == "recorded"]

    assert len(turns) == len(cases)
    assert sum(case.is_loop for case in cases) >= 120
    assert sum(not case.is_loop for case in cases) >= 120
    assert 2 * len(recorded) >= len(cases)
    assert {case.agent for case in recorded} == {
        *("claude", "codex", "opencode", "qwen", "gemini", "mini")
    }


def test_intervals_are_wilsons(report: Any) -> None:
    low, high = report.interval(8, 10)
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)
    assert report.interval(0, 0) == (0.0, 1.0)
    assert report.interval(50, 50)[1] == pytest.approx(1.0)


def test_a_stop_before_the_loop_is_a_false_one(report: Any) -> None:
    case = next(case for case in report.read_corpus("tuning") if case.is_loop)
    loop = Loop(rule=LoopRule.CYCLE, times=5)

    early = report.Verdict(case=case, loop=loop, rounds=-0.5)
    late = report.Verdict(case=case, loop=loop, rounds=5.5)
    never = report.Verdict(case=case, loop=None, rounds=0.0)

    assert early.is_false
    assert not any((late.is_false, late.is_in_time))
    assert not any((never.is_false, never.is_in_time))


def test_the_table_names_what_went_wrong(report: Any) -> None:
    cases = report.read_corpus("tuning")
    honest = next(case for case in cases if not case.is_loop)
    looping = next(case for case in cases if case.is_loop)
    loop = Loop(rule=LoopRule.DRIFT, times=5)
    text = report.report(
        "tuning",
        [
            report.Verdict(case=honest, loop=loop, rounds=5.0),
            report.Verdict(case=looping, loop=None, rounds=0.0),
        ],
    )

    assert "| honest work not stopped | 0.0% | 0/1 |" in text
    assert f"false stop: {honest.name} (drift x5" in text
    assert f"not in time: {looping.name} (never" in text
    assert "| drift | 0 | 1 | - |" in text

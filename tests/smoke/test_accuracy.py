"""Tool calls counted and compared."""

from __future__ import annotations

from faregate.smoke.accuracy import ToolRun, score, trigger_f1


def runs(*triggered: bool, problem: str | None = None) -> list[ToolRun]:
    return [
        ToolRun(prompt=n, streamed=False, triggered=t, problem=problem if t else None)
        for n, t in enumerate(triggered)
    ]


def test_the_share_of_calls_that_fit() -> None:
    assert score(runs(True, True, False)).text == "2/2"
    assert score(runs(True, False, problem="bad")).text == "0/1"
    assert score(runs(False, False)).text == "-"
    assert score([]).runs == 0


def test_f1_by_prompt() -> None:
    vendor = runs(True, True, False, False)
    assert trigger_f1(vendor, vendor) == 1.0
    assert trigger_f1(runs(True, False, True, False), vendor) == 0.5
    assert trigger_f1(runs(False, False, True, True), vendor) == 0.0


def test_f1_needs_something_to_compare() -> None:
    assert trigger_f1([], runs(True)) is None
    assert trigger_f1(runs(True), []) is None
    assert trigger_f1(runs(False), runs(False)) is None

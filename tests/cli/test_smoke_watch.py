"""The same again: what is told each round, and how it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faregate.cli.smoke_watch import every_of, every_problem, watch_again
from faregate.control.errors import ControlError
from faregate.smoke.report.compare import Change
from faregate.smoke.report.model import RunReport
from faregate.smoke.verdict import Verdict
from tests.cli.conftest import Cli
from tests.smoke.test_report_history import probe, report, target

Round = tuple[RunReport, list[Change]]
WORSE = Change(
    target="p/m",
    what="tool",
    before="PASS",
    after="FAIL",
    worse=True,
    sentence="p/m Tool: PASS -> FAIL",
)
BETTER = replace(WORSE, worse=False, sentence="p/m Tool: FAIL -> PASS")
FINE = report(target(probe("tool", Verdict.PASS)))
BROKEN_OFF = replace(report(target(probe("tool", Verdict.FAIL))), interrupted=True)


def test_it_goes_on_until_it_is_broken_off(capfd: pytest.CaptureFixture[str]) -> None:
    rounds: list[Round | Exception] = [
        (FINE, [WORSE]),
        ControlError("timeout", "the proxy is busy"),
        (FINE, [BETTER]),
        (BROKEN_OFF, []),
    ]
    slept: list[float] = []

    def run() -> Round:
        now = rounds.pop(0)
        if isinstance(now, Exception):
            raise now
        return now

    assert watch_again(run, 21_600, sleep=slept.append) is BROKEN_OFF
    assert slept == [21_600] * 3
    told = capfd.readouterr()
    assert told.out.splitlines() == [
        "p/m: READY",
        "p/m: READY",
        "p/m: READY (Tool: saw)",
    ]
    assert told.err.splitlines() == [
        "faregate: ALERT: p/m Tool: PASS -> FAIL",
        "faregate: warning: this round could not run: the proxy is busy",
        "faregate: p/m Tool: FAIL -> PASS",
    ]


def test_an_interval_has_a_unit_and_bounds() -> None:
    assert every_of("6h") == 21_600
    assert every_problem("6h") is None
    for text in ("6", "1s", "99d", "often"):
        assert every_problem(text)


@pytest.mark.parametrize(
    "options", [("--watch", "1s"), ("--watch", "6h", "--profile", "full")]
)
def test_another_watch_is_a_usage_error(cli: Cli, options: tuple[str, ...]) -> None:
    result = cli("smoke-test", "sim/gpt-x", *options)
    assert result.code == 2
    assert "--watch" in result.err

"""What a run leaves behind, and what the next one says about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faregate.cli.smoke_history import (
    Since,
    change_lines,
    remember,
    since_of,
    since_problem,
)
from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.control.models import Problem
from faregate.smoke.report.model import Readiness, RunReport
from faregate.smoke.verdict import Verdict
from faregate.smoke_history import History
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.smoke.test_report_history import probe, report, target

DAY_MS = 86_400_000


def run(verdict: Verdict, *, after_ms: int = 0) -> RunReport:
    one = target(probe("tool", verdict))
    ready = Readiness.READY if verdict is Verdict.PASS else Readiness.NOT_READY
    return report(
        replace(one, readiness=ready, started_at_ms=one.started_at_ms + after_ms)
    )


def sentences(
    paths: Paths, told: RunReport, since: Since | None = None
) -> list[tuple[str, bool | None]]:
    changes = remember(told, load(paths), paths, since=since)
    return [(change.what, change.worse) for change in changes or ()]


def test_a_run_is_kept_and_the_next_one_compared(paths: Paths) -> None:
    assert sentences(paths, run(Verdict.PASS)) == []
    assert sentences(paths, run(Verdict.FAIL, after_ms=5)) == [
        ("readiness", True),
        ("tool", True),
    ]
    assert sentences(paths, run(Verdict.FAIL, after_ms=9)) == []
    assert len(History(load(paths), paths).of("p/m")) == 3


def test_since_compares_with_what_is_old_enough(paths: Paths) -> None:
    sentences(paths, run(Verdict.PASS))
    sentences(paths, run(Verdict.FAIL, after_ms=3 * DAY_MS))
    now = run(Verdict.FAIL, after_ms=4 * DAY_MS)
    assert sentences(paths, now) == []
    later = run(Verdict.FAIL, after_ms=4 * DAY_MS + 1)
    assert ("tool", True) in sentences(paths, later, since_of("2d"))


def test_a_run_that_cannot_be_kept_is_still_a_run(
    paths: Paths, proxy: AskedProxy, capfd: pytest.CaptureFixture[str]
) -> None:
    proxy.problem = (503, Problem(code="ledger_unavailable", message="disk full"))
    assert remember(run(Verdict.PASS), load(paths), paths) is None
    assert "not kept" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "ago_s"), [("last", 0), ("7d", 604_800), ("1h", 3600)]
)
def test_since_is_the_last_run_or_a_time_ago(text: str, ago_s: float) -> None:
    assert since_of(text) == Since(ago_s=ago_s)
    assert since_problem(text) is None


@pytest.mark.parametrize("text", ["yesterday", "7", "999d", ""])
def test_another_since_is_a_usage_error(cli: Cli, text: str) -> None:
    result = cli("smoke-test", "sim/gpt-x", f"--since={text}")
    assert result.code == 2
    assert "--since" in result.err


def test_changes_in_words(paths: Paths) -> None:
    sentences(paths, run(Verdict.PASS))
    changes = remember(run(Verdict.FAIL, after_ms=5), load(paths), paths)
    assert changes is not None
    assert change_lines(changes) == [
        "changed:",
        "  worse:  p/m was READY and is NOT READY",
        "  worse:  p/m Tool: PASS -> FAIL (saw)",
    ]
    assert change_lines([]) == ["nothing changed"]
    assert change_lines(None) == ["no earlier run to compare with"]
    assert change_lines(changes, markdown=True)[0] == "## Changed"

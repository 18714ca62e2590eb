"""What the smoke test says while it runs: in lines that fit, and only to a person."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest

from faregate.cli.smoke_progress import announce, done, finding_line, watcher
from faregate.smoke.probe import Group
from faregate.smoke.report.model import ProbeResult
from faregate.smoke.verdict import passed
from tests.smoke.probing import target_of

RESULT = ProbeResult(
    id="basic",
    title="Basic answer",
    group=Group.CHAT,
    finding=passed("it \x1b[31msaid"),
)
OFFER = "smoke test of 2 targets, profile quick: about $0.01 at most, --max-cost $0.02"


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Return a terminal of 60 columns that shows both streams."""
    shown = Screen()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setenv("COLUMNS", "60")
    return shown


def test_a_person_reads_lines_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = on_screen(monkeypatch)
    announce(OFFER)
    target = replace(target_of("http://127.0.0.1:9"), model="m" * 80)
    told = watcher([target])
    assert told is not None
    told(target, RESULT)
    done()
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= 59
    assert lines[0].startswith("faregate: smoke test of 2 targets")
    assert lines[1].startswith("  ")
    assert "PASS" in lines[-2]
    assert lines[-1] == ""


def test_a_pipe_gets_the_offer_in_one_line_and_no_progress(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = io.StringIO()
    monkeypatch.setattr(sys, "stderr", plain)
    announce(OFFER)
    assert watcher([target_of("http://127.0.0.1:9")]) is None
    done()
    assert plain.getvalue() == f"faregate: {OFFER}\n"


def test_a_finding_is_one_harmless_line() -> None:
    line = finding_line("p/m", RESULT, 10, width=100)
    assert line.startswith("p/m         PASS        Basic answer: it ")
    assert "\x1b" not in line
    assert len(finding_line("p/m", RESULT, 10, width=30)) == 30

"""The history of smoke tests: kept, bounded, never changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from faregate.core.holds import LedgerError
from faregate.core.money import Money
from faregate.core.records import SmokeRunRow
from faregate.ledger import smoke_runs
from faregate.ledger.reports import Reports
from tests.ledger.building import NOW_MS, open_ledger

if TYPE_CHECKING:
    from pathlib import Path

ROW = SmokeRunRow(
    run="r1",
    at_ms=NOW_MS,
    target="deepseek/deepseek-flash",
    protocol="openai_chat",
    profile="quick",
    readiness="READY",
    verdicts=json.dumps({"basic": {"verdict": "PASS"}}),
    metrics=json.dumps({"ttfb_s": 0.2}),
    learned="{}",
    cost=Money.usd("0.0004"),
)


def later(number: int, target: str = ROW.target) -> SmokeRunRow:
    return replace(ROW, run=f"r{number}", at_ms=NOW_MS + number, target=target)


def test_what_was_recorded_is_read_back_whole(folder: Path) -> None:
    ledger = open_ledger(folder)
    ledger.record_smoke([ROW])
    ledger.close()
    reports = Reports.open(folder)
    assert reports.smoke_runs(ROW.target) == (ROW,)
    reports.close()


def test_a_page_comes_newest_first_and_ends_before_an_instant(folder: Path) -> None:
    ledger = open_ledger(folder)
    ledger.record_smoke([later(n) for n in range(5)])
    reports = Reports.open(folder)
    runs = reports.smoke_runs(ROW.target, before_ms=NOW_MS + 3, limit=2)
    assert [row.run for row in runs] == ["r2", "r1"]
    assert reports.smoke_runs("other/model") == ()
    reports.close()
    ledger.close()


def test_the_recent_ones_of_each_target_and_protocol(folder: Path) -> None:
    ledger = open_ledger(folder)
    other = replace(later(4), protocol="gemini")
    ledger.record_smoke([later(1), later(2), later(3), other, later(5, "a/b")])
    reports = Reports.open(folder)
    found = [row.run for row in reports.recent_smoke(each=2)]
    assert found == ["r5", "r4", "r3", "r2"]
    assert [row.run for row in reports.recent_smoke(each=2, limit=1)] == ["r5"]
    reports.close()
    ledger.close()


def test_the_latest_of_each_target(folder: Path) -> None:
    ledger = open_ledger(folder)
    ledger.record_smoke([later(1), later(2), later(3, "a/b")])
    reports = Reports.open(folder)
    assert [(r.target, r.run) for r in reports.smoke_runs()] == [
        ("a/b", "r3"),
        (ROW.target, "r2"),
    ]
    reports.close()
    ledger.close()


def test_a_run_that_is_there_is_not_added_or_changed(folder: Path) -> None:
    ledger = open_ledger(folder)
    ledger.record_smoke([ROW])
    ledger.record_smoke([replace(ROW, readiness="NOT READY")])
    reports = Reports.open(folder)
    assert [row.readiness for row in reports.smoke_runs(ROW.target)] == ["READY"]
    reports.close()
    ledger.close()


def test_the_oldest_runs_of_a_target_go(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke_runs, "KEPT", 3)
    ledger = open_ledger(folder)
    ledger.record_smoke([later(9, "a/b")])
    ledger.record_smoke([later(n) for n in range(6)])
    reports = Reports.open(folder)
    assert [row.run for row in reports.smoke_runs(ROW.target)] == ["r5", "r4", "r3"]
    assert len(reports.smoke_runs("a/b")) == 1
    reports.close()
    ledger.close()


def test_what_is_no_json_is_refused_and_nothing_is_written(folder: Path) -> None:
    ledger = open_ledger(folder)
    with pytest.raises(LedgerError):
        ledger.record_smoke([later(1), replace(ROW, verdicts="{")])
    reports = Reports.open(folder)
    assert reports.smoke_runs() == ()
    reports.close()
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        ledger.record_smoke([ROW])

from __future__ import annotations

import contextlib
from datetime import UTC
from pathlib import Path

import pytest

from faregate.control.cost_log import REPORT_BY
from faregate.ledger.reports import Reports
from faregate.server.cost_answers import CostAnswers
from tests.ledger.building import NOW_MS, hold, open_ledger, truth


@pytest.fixture
def answers(tmp_path: Path) -> CostAnswers:
    folder = tmp_path / "ledger"
    ledger = open_ledger(folder)
    for name, at_ms in (("req_1", NOW_MS), ("req_2", NOW_MS + 1000)):
        hold(ledger, name, request=name, session=name, at_ms=at_ms)
        ledger.settle(truth(name, "0.10"))
    ledger.close()
    return CostAnswers(
        lambda: contextlib.closing(Reports.open(folder)), lambda: NOW_MS + 5000, UTC
    )


@pytest.mark.parametrize("by", REPORT_BY)
def test_every_key_that_clients_know_is_summed(answers: CostAnswers, by: str) -> None:
    report = answers.report(by, since_ms=0)
    assert report.total.cost == "0.2"
    assert sum(row.requests for row in report.rows) == 2
    assert (report.since, report.until) == (None, "2026-11-18T11:06:45.001Z")


def test_another_key_is_none(answers: CostAnswers) -> None:
    with pytest.raises(ValueError, match="mood"):
        answers.report("mood", since_ms=0)


def test_a_time_without_anything(answers: CostAnswers) -> None:
    report = answers.report("model", since_ms=NOW_MS + 2000)
    assert (report.rows, report.total.requests) == ([], 0)


def test_pages_of_sessions_end(answers: CostAnswers) -> None:
    first = answers.sessions(limit=1, before=None)
    assert [each.id for each in first.sessions] == ["req_2"]
    second = answers.sessions(limit=1, before=first.next)
    third = answers.sessions(limit=1, before=second.next)
    assert [each.id for each in second.sessions] == ["req_1"]
    assert (third.sessions, third.next) == ([], None)


def test_without_a_gate_nothing_is_at_work(answers: CostAnswers) -> None:
    page = answers.sessions(limit=9, before=None)
    assert {each.state for each in page.sessions} == {"idle"}


def test_one_that_never_was_is_not_explained(answers: CostAnswers) -> None:
    assert answers.explain("req_9") is None

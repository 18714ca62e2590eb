"""Refusals are counted, cheaply and without ever failing."""

from __future__ import annotations

from pathlib import Path

from faregate.core.labels import Labels
from faregate.ledger.ledger import Ledger
from faregate.ledger.refusals import QUARTER_MS
from faregate.ledger.reports import Reports
from tests.ledger.building import NOW_MS, hold, open_ledger
from tests.ledger.test_replay import failing_writes


def refuse(ledger: Ledger, code: str = "budget_exceeded", at_ms: int = NOW_MS) -> None:
    ledger.record_refusal(
        session="s1",
        root_session="s1",
        labels=Labels(agent="codex"),
        code=code,
        at_ms=at_ms,
    )


def test_they_are_counted_by_code_and_session(ledger: Ledger, reports: Reports) -> None:
    for _ in range(3):
        refuse(ledger)
    refuse(ledger, "loop_detected")
    assert reports.refused(0) == 4
    assert reports.any_request()
    rows = ledger._parts.connection.execute(
        "SELECT code, sum(count) FROM refusal GROUP BY code ORDER BY code"
    )
    assert rows.fetchall() == [("budget_exceeded", 3), ("loop_detected", 1)]
    session = reports.session("s1")
    assert session is not None
    assert (session.refusals, session.requests) == (4, 0)
    assert session.labels == Labels(agent="codex")


def test_since_a_quarter_of_an_hour(ledger: Ledger, reports: Reports) -> None:
    refuse(ledger, at_ms=NOW_MS - 2 * QUARTER_MS)
    refuse(ledger, at_ms=NOW_MS)
    assert reports.refused(NOW_MS) == 1
    assert reports.refused(NOW_MS - 2 * QUARTER_MS) == 2
    assert reports.refused(NOW_MS + QUARTER_MS) == 0


def test_a_client_that_hammers_adds_no_rows(ledger: Ledger) -> None:
    for _ in range(200):
        refuse(ledger)
    count = ledger._parts.connection.execute("SELECT count(*) FROM refusal").get
    assert count == 1


def test_a_count_that_cannot_be_written_is_dropped(
    ledger: Ledger, reports: Reports
) -> None:
    hold(ledger)
    with failing_writes(ledger):
        refuse(ledger)
        refuse(ledger)
    assert ledger._refusals.dropped == 2
    assert ledger.paused is None
    refuse(ledger)
    assert reports.refused(0) == 1


def test_after_the_close_nothing_happens(folder: Path) -> None:
    ledger = open_ledger(folder)
    ledger.close()
    refuse(ledger)

"""Session rows: made once, labelled by what is known."""

from __future__ import annotations

import pytest

from faregate.core.holds import LedgerError
from faregate.core.labels import Labels
from faregate.ledger import sessions as module
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import NOW_MS, asking, hold, truth


def labels_of(reports: Reports, session: str = "s1") -> Labels:
    found = reports.session(session)
    assert found is not None
    return found.labels


def test_labels_that_come_later_are_added(ledger: Ledger, reports: Reports) -> None:
    hold(ledger, "a1", labels=Labels(agent="codex"))
    hold(ledger, "a2", labels=Labels(task="T-1"))
    assert labels_of(reports) == Labels(agent="codex", task="T-1")
    hold(ledger, "a3", labels=Labels())
    assert labels_of(reports) == Labels(agent="codex", task="T-1")
    hold(ledger, "a4", labels=Labels(agent="aider"))
    assert labels_of(reports) == Labels(agent="aider", task="T-1")


def test_each_attempt_keeps_its_own_labels(ledger: Ledger, reports: Reports) -> None:
    for name, customer in [("a1", "acme"), ("a2", "bond"), ("a3", "acme")]:
        hold(ledger, name, labels=Labels(customer=customer))
        ledger.settle(truth(name, "0.10"))
    rows = reports.spend("customer", since_ms=0)
    assert {row.key: row.attempts for row in rows} == {"acme": 2, "bond": 1}


def test_a_session_can_begin_before_its_first_request(
    ledger: Ledger, reports: Reports
) -> None:
    ledger.start_session(
        "run-1", root_session="run-1", parent=None, labels=Labels(agent="codex")
    )
    session = reports.session("run-1")
    assert session is not None
    assert (session.requests, session.started_at_ms) == (0, NOW_MS)
    assert session.labels == Labels(agent="codex")
    hold(ledger, session="run-1")
    session = reports.session("run-1")
    assert session is not None
    assert session.requests == 1


def test_its_first_end_counts(ledger: Ledger, reports: Reports) -> None:
    hold(ledger)
    ledger.end_session("s1")
    ledger._clock_ms = lambda: NOW_MS + 5
    ledger.end_session("s1")
    ledger.end_session("ghost")
    session = reports.session("s1")
    assert session is not None
    assert session.ended_at_ms == NOW_MS


def test_memory_of_sessions_is_bounded(
    ledger: Ledger, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CACHE_SIZE", 4)
    for number in range(40):
        name = f"a{number}"
        hold(
            ledger,
            name,
            "0.01",
            session=f"s{number % 13}",
            labels=Labels(task=f"t{number % 7}"),
        )
        ledger.settle(truth(name, "0.01"))
    assert len(ledger._parts.sessions._known) <= 4
    assert len(ledger._parts.sessions._label_sets) <= 4
    assert len(reports.sessions()) == 13
    assert len(reports.spend("task", since_ms=0)) == 7


def test_what_a_failed_hold_made_is_made_again(
    ledger: Ledger, reports: Reports
) -> None:
    hold(ledger, "a1")
    labels = Labels(user="ann")
    with pytest.raises(LedgerError):
        ledger.hold(asking("a1", session="new", labels=labels, model="m2"))
    assert reports.session("new") is None
    hold(ledger, "a2", session="new", labels=labels, model="m2")
    session = reports.session("new")
    assert session is not None
    assert (session.labels, session.models) == (labels, ("anthropic/m2",))


def test_memory_of_labels_is_bounded(
    ledger: Ledger, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CACHE_SIZE", 3)
    for number in range(14):
        hold(ledger, f"a{number}", "0.01", labels=Labels(task=f"t{number % 7}"))
    assert len(ledger._parts.sessions._label_sets) <= 3
    rows = reports.spend("task", since_ms=0)
    assert {row.attempts for row in rows} == {2}
    assert len(rows) == 7

"""Latches and the sums that limits count, as they outlive a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.core.latches import Latch, LatchState
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import NOW_MS, asking, decisions, hold, open_ledger, truth


def latch(scope: str, state: LatchState = LatchState.PAUSED) -> Latch:
    return Latch(scope=scope, state=state, at_ms=NOW_MS, who="uid 1")


def test_latches_outlive_the_process(folder: Path) -> None:
    opened = open_ledger(folder)
    opened.governing.latch(latch("all"))
    opened.governing.latch(latch("session:s", LatchState.STOPPED))
    opened.close()
    opened = open_ledger(folder)
    try:
        assert set(opened.governing.latches()) == {
            latch("all"),
            latch("session:s", LatchState.STOPPED),
        }
        opened.governing.resume("all", at_ms=NOW_MS, who="uid 1")
        assert len(opened.governing.latches()) == 1
    finally:
        opened.close()


def test_a_pause_does_not_weaken_a_stop(ledger: Ledger) -> None:
    ledger.governing.latch(latch("session:s", LatchState.STOPPED))
    ledger.governing.latch(latch("session:s"))
    (kept,) = ledger.governing.latches()
    assert kept.state is LatchState.STOPPED


def test_each_decision_is_audited(ledger: Ledger, reports: Reports) -> None:
    ledger.governing.latch(latch("workspace:web"))
    ledger.governing.resume("workspace:web", at_ms=NOW_MS, who="uid 1")
    assert [(row.what, row.subject) for row in decisions(reports)] == [
        ("resume", "workspace:web"),
        ("paused", "workspace:web"),
    ]


def test_totals_are_those_of_a_session_and_its_sub_agents(ledger: Ledger) -> None:
    assert ledger.governing.totals("s1") is None
    hold(ledger, "a1")
    ledger.settle(truth("a1", tool_calls=2))
    child = {"session": "s1/child", "root_session": "s1", "parent": "s1"}
    hold(ledger, "a2", client_retry=True, **child)
    ledger.settle(truth("a2"))
    hold(ledger, "a3", session="other", root_session="other")
    ledger.settle(truth("a3"))
    found = ledger.governing.totals("s1")
    assert found is not None
    assert (found.requests, found.retries, found.tool_calls) == (2, 1, 2)
    usage = truth("a1").usage
    assert found.input_tokens == 2 * usage.input_tokens
    assert found.output_tokens == 2 * usage.output
    assert found.started_at_ms == asking().at_ms


@pytest.mark.parametrize("by_person", [True, False])
def test_limits_that_began_anew_count_from_there(
    ledger: Ledger, by_person: bool
) -> None:
    hold(ledger, "a1")
    ledger.settle(truth("a1", tool_calls=2))
    later = NOW_MS + 5000
    if by_person:
        ledger.governing.resume("session:s1", at_ms=later, who="uid 1")
    else:
        ledger.governing.begin_anew("s1", later)
    found = ledger.governing.totals("s1")
    assert found is not None
    assert (found.requests, found.tool_calls, found.input_tokens) == (0, 0, 0)
    assert found.started_at_ms == later
    hold(ledger, "a2")
    ledger.settle(truth("a2", tool_calls=1))
    found = ledger.governing.totals("s1")
    assert found is not None
    assert (found.requests, found.tool_calls) == (1, 1)


def test_resuming_what_never_was_changes_nothing(ledger: Ledger) -> None:
    ledger.governing.resume("session:nobody", at_ms=NOW_MS, who="uid 1")
    assert ledger.governing.totals("nobody") is None
    assert ledger.governing.latches() == ()

"""A budget that is set in the middle of its window counts what it cost so far."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.core.holds import BudgetWindow, NoRoom
from faregate.core.labels import Labels
from faregate.ledger import holds as module
from faregate.ledger.ledger import Ledger
from tests.ledger.building import (
    DAY_START,
    MONTH_END,
    MONTH_START,
    asking,
    ending,
    faults,
    hold,
    killed,
    open_ledger,
    sums,
    three,
    truth,
    usd,
)

LABELS = Labels(agent="codex", workspace="shop", task="t1", customer="c1")
OURS = {"labels": LABELS, "provider": "p", "model": "org/m"}
SCOPES = (
    "global",
    "agent:codex",
    "workspace:shop",
    "task:t1",
    "customer:c1",
    "session:s1",
    "provider:p",
    "model:org/m",
    "model:p/org/m",
)
each_scope = pytest.mark.parametrize("scope", SCOPES)


def total(scope: str, limit: str = "20") -> BudgetWindow:
    return BudgetWindow(scope=scope, window="total", limit=usd(limit))


def in_month(scope: str, limit: str = "20") -> BudgetWindow:
    return BudgetWindow(
        scope=scope,
        window="month",
        starts_at=MONTH_START,
        ends_at=MONTH_END,
        limit=usd(limit),
    )


def spend_a_little(ledger: Ledger) -> None:
    """Leave 0.30 spent, 0.05 held and 0.20 unknown of ours, and more of others."""
    hold(ledger, "settled", "0.50", **OURS)
    ledger.settle(truth("settled", "0.10"))
    hold(ledger, "corrected", "0.50", **OURS)
    ledger.settle(truth("corrected", "0.10"))
    ledger.correct("corrected", usd("0.20"), note="the invoice", who="me")
    hold(ledger, "voided", "0.50", **OURS)
    ledger.void(ending("voided"))
    hold(ledger, "unknown", "0.20", **OURS)
    ledger.mark_unknown(ending("unknown"))
    hold(ledger, "open", "0.05", **OURS)
    hold(ledger, "other", "7", session="s9", labels=Labels(workspace="shopping"))


@each_scope
def test_everything_booked_so_far_counts(
    ledger: Ledger, folder: Path, scope: str
) -> None:
    spend_a_little(ledger)
    held = "7.05" if scope == "global" else "0.05"
    assert sums(ledger, total(scope)) == ("0.3", held, "0.2")
    assert faults(folder) == ()


@each_scope
def test_what_was_open_then_ends_there_too(
    ledger: Ledger, folder: Path, scope: str
) -> None:
    spend_a_little(ledger)
    more = "7" if scope == "global" else "0"
    budget = total(scope)
    sums(ledger, budget)
    ledger.settle(truth("open", "0.02"))
    assert sums(ledger, budget) == ("0.32", more, "0.2")
    ledger.resolve("unknown", usd("0.15"), note="looked it up", who="me")
    assert sums(ledger, budget) == ("0.47", more, "0")
    ledger.correct("settled", usd("0"), note="the invoice", who="me")
    assert sums(ledger, budget) == ("0.37", more, "0")
    assert faults(folder) == ()


@each_scope
def test_a_kill_loses_nothing_of_it(ledger: Ledger, folder: Path, scope: str) -> None:
    spend_a_little(ledger)
    sums(ledger, total(scope))
    copy = killed(folder)
    again = open_ledger(copy)
    try:
        unknown = "7.25" if scope == "global" else "0.25"
        assert sums(again, total(scope)) == ("0.3", "0", unknown)
        again.resolve("open", None, note="nothing came", who="me")
        unknown = "7.2" if scope == "global" else "0.2"
        assert sums(again, total(scope)) == ("0.3", "0", unknown)
        assert faults(copy) == ()
    finally:
        again.close()


def test_only_its_own_window_counts(ledger: Ledger, folder: Path) -> None:
    before = DAY_START * 1000 - 1
    hold(ledger, "yesterday", "0.50", at_ms=before, **OURS)
    hold(ledger, "today", "0.25", at_ms=DAY_START * 1000, **OURS)
    day = BudgetWindow(
        scope="workspace:shop", window="day", starts_at=DAY_START, limit=usd("3")
    )
    assert sums(ledger, day) == ("0", "0.25", "0")
    ended = BudgetWindow(
        scope="workspace:shop",
        window="week",
        starts_at=DAY_START - 86_400,
        ends_at=DAY_START,
        limit=usd("3"),
    )
    assert sums(ledger, ended) == ("0", "0.5", "0")
    assert faults(folder) == ()


def test_a_budget_that_is_used_up_when_it_is_set_refuses_at_once(
    ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend_a_little(ledger)
    budgets = (*three(), in_month("workspace:shop", "0.60"))
    refused = ledger.hold(asking("a2", "0.06", budgets=budgets, **OURS))
    assert isinstance(refused, NoRoom)
    (blocking,) = refused.blocking
    assert (blocking.budget, blocking.spent) == (budgets[-1], usd("0.30"))
    # It was counted once, although the hold was refused: no later one looks back.
    monkeypatch.delattr(module, "before")
    assert isinstance(ledger.hold(asking("a3", "0.06", budgets=budgets)), NoRoom)
    ledger._parts.windows.forget()
    hold(ledger, "a4", "0.05", budgets=budgets, **OURS)
    assert sums(ledger, budgets[-1]) == ("0.3", "0.1", "0.2")
    assert faults(folder) == ()


def test_a_budget_that_was_taken_away_counts_what_it_missed(
    ledger: Ledger, folder: Path
) -> None:
    budget = in_month("workspace:shop", "5")
    hold(ledger, "a1", "0.10", budgets=(*three(), budget), **OURS)
    ledger.in_force(lambda scope, _: scope != "workspace:shop")
    hold(ledger, "a2", "0.20", **OURS)
    ledger.settle(truth("a2", "0.15"))
    ledger.in_force(lambda *_: True)
    hold(ledger, "a3", "0.40", budgets=(*three(), budget), **OURS)
    assert sums(ledger, budget) == ("0.15", "0.5", "0")
    for name in ("a1", "a3"):
        ledger.settle(truth(name, "0.05"))
    assert sums(ledger, budget) == ("0.25", "0", "0")
    assert faults(folder) == ()


def test_that_it_was_taken_away_outlives_the_process(
    ledger: Ledger, folder: Path
) -> None:
    budget = in_month("workspace:shop", "5")
    hold(ledger, "a1", "0.10", budgets=(*three(), budget), **OURS)
    ledger.in_force(lambda *_: False)
    hold(ledger, "a2", "0.20", **OURS)
    ledger.close()
    again = open_ledger(folder)
    try:
        again.in_force(lambda *_: True)
        assert sums(again, budget) == ("0", "0", "0.3")
        assert faults(folder) == ()
    finally:
        again.close()


def test_another_time_zone_begins_no_new_month(ledger: Ledger, folder: Path) -> None:
    hold(ledger, "a1", "0.50")
    moved = BudgetWindow(
        scope="global",
        window="month",
        starts_at=MONTH_START - 3600,
        ends_at=MONTH_END - 3600,
        limit=usd("0.60"),
    )
    assert isinstance(ledger.hold(asking("a2", "0.20", budgets=(moved,))), NoRoom)
    assert sums(ledger, moved) == ("0", "0.5", "0")
    assert faults(folder) == ()


def test_marks_are_told_with_the_next_booking(ledger: Ledger) -> None:
    spend_a_little(ledger)
    budgets = (*three(), in_month("workspace:shop", "0.60"))
    hold(ledger, "a2", "0.01", budgets=budgets, **OURS)
    booked = ledger.settle(truth("a2", "0.01"))
    told = {c.percent for c in booked.crossings if c.state.budget.scope != "global"}
    assert told == {50, 80}


def test_a_disk_that_is_full_leaves_nothing_half_counted(
    ledger: Ledger, folder: Path
) -> None:
    spend_a_little(ledger)
    connection = ledger._parts.connection
    connection.execute(
        "CREATE TEMP TRIGGER full BEFORE UPDATE OF counted_to ON budget_window "
        "BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    budget = in_month("workspace:shop")
    assert sums(ledger, budget) == ("0", "0", "0")
    connection.execute("DROP TRIGGER full")
    assert sums(ledger, budget) == ("0.3", "0.05", "0.2")
    assert faults(folder) == ()


def test_a_new_task_is_not_looked_for(ledger: Ledger) -> None:
    spend_a_little(ledger)
    seen: list[str] = []

    def traced(_cursor: object, sql: str, _bindings: object) -> bool:
        seen.append(sql)
        return True

    connection = ledger._parts.connection
    connection.exec_trace = traced
    for scope in ("task:new", "agent:new", "session:new", "provider:q", "model:n"):
        assert sums(ledger, total(scope)) == ("0", "0", "0")
    connection.exec_trace = None
    assert seen
    assert not [sql for sql in seen if "FROM attempt" in sql]

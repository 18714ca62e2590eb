"""Setting money aside: all windows or none, never above a limit."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from faregate.core.holds import Held, LedgerError, NoRoom
from faregate.core.labels import Labels
from faregate.core.money import MAX_PICO, Money
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    NOW_MS,
    asking,
    day,
    ending,
    hold,
    month,
    of_session,
    sums,
    three,
    truth,
    usd,
)


def test_a_hold_counts_in_every_window_and_says_so(ledger: Ledger) -> None:
    held = hold(ledger, "a1", "0.50")
    assert held.amount == usd("0.50")
    assert [s.budget for s in held.states] == list(three())
    assert {s.held for s in held.states} == {usd("0.50")}
    for budget in three():
        assert sums(ledger, budget) == ("0", "0.5", "0")


@pytest.mark.parametrize(
    ("amount", "fits"), [("0.500000000000", True), ("0.500000000001", False)]
)
def test_the_limit_is_exact_to_the_pico(
    ledger: Ledger, amount: str, fits: bool
) -> None:
    hold(ledger, "a1", "0.50", budgets=three("1.00"))
    outcome = ledger.hold(asking("a2", amount, budgets=three("1.00")))
    assert isinstance(outcome, Held if fits else NoRoom)
    assert ledger.states((month("1.00"),))[0].room == (
        Money(0) if fits else usd("0.50")
    )


def test_one_full_window_refuses_all_and_nothing_is_written(
    ledger: Ledger, reports: Reports
) -> None:
    budgets = (month("20"), day("0.30"), of_session(limit="0.20"))
    outcome = ledger.hold(asking("a1", "0.40", budgets=budgets))
    assert isinstance(outcome, NoRoom)
    assert [s.budget.scope for s in outcome.blocking] == ["session:s1", "global"]
    assert outcome.blocking[1].budget.window == "day"
    assert ledger.states(budgets)[0].held == Money(0)
    assert reports.holds() == ()
    assert reports.sessions() == ()


def test_a_limit_of_zero_takes_free_requests_alone(ledger: Ledger) -> None:
    assert isinstance(ledger.hold(asking("a1", "0.01", budgets=three("0"))), NoRoom)
    assert isinstance(ledger.hold(asking("a2", "0", budgets=three("0"))), Held)


def test_without_limits_everything_is_counted(ledger: Ledger) -> None:
    hold(ledger, "a1", "1000", budgets=three(None))
    assert ledger.states(three(None))[0].room is None
    assert sums(ledger, month(None)) == ("0", "1000", "0")


def test_the_same_window_twice_counts_once_at_the_tighter_limit(
    ledger: Ledger,
) -> None:
    budgets = (month("20"), month("1"), month(None))
    assert isinstance(ledger.hold(asking("a1", "1.50", budgets=budgets)), NoRoom)
    held = hold(ledger, "a2", "0.80", budgets=budgets)
    assert [s.budget.limit for s in held.states] == [usd("1")]
    assert sums(ledger, month()) == ("0", "0.8", "0")


def test_an_attempt_is_held_once_for_ever(ledger: Ledger) -> None:
    hold(ledger, "a1")
    with pytest.raises(LedgerError, match="rule of the ledger"):
        ledger.hold(asking("a1"))
    ledger.settle(truth("a1"))
    with pytest.raises(LedgerError, match="rule of the ledger"):
        ledger.hold(asking("a1"))
    assert sums(ledger, month()) == ("0.1", "0", "0")
    hold(ledger, "a2")


def test_a_failed_hold_leaves_the_next_one_right(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    budgets = (*three(session="new"), of_session("other", "3"))
    with pytest.raises(LedgerError):
        ledger.hold(asking("a1", "0.50", session="new", budgets=budgets))
    hold(ledger, "a2", "0.25", session="new", budgets=budgets)
    assert sums(ledger, month()) == ("0", "0.75", "0")
    assert sums(ledger, of_session("new")) == ("0", "0.25", "0")


@pytest.mark.parametrize("wrong", [{"amount": Money(-1)}, {"at_ms": -1}])
def test_impossible_holds_are_refused(ledger: Ledger, wrong: dict[str, Any]) -> None:
    with pytest.raises(LedgerError):
        ledger.hold(dataclasses.replace(asking(), **wrong))


def test_sums_beyond_64_bits_are_an_error_and_not_a_wrong_number(
    ledger: Ledger,
) -> None:
    hold(ledger, "a1", budgets=(month(None),), amount=Money(MAX_PICO - 5))
    with pytest.raises(LedgerError, match="can count"):
        ledger.hold(asking("a2", budgets=(month(None),), amount=Money(10)))
    assert ledger.states((month(None),))[0].held == Money(MAX_PICO - 5)


def test_a_window_of_its_own_bounds_callers_without_a_token(ledger: Ledger) -> None:
    junk = dataclasses.replace(month("0.50"), scope="tokenless", limit=usd("0.50"))
    budgets = (*three(), junk)
    hold(ledger, "a1", "0.40", budgets=budgets, tokenless=True)
    outcome = ledger.hold(asking("a2", "0.40", budgets=budgets, tokenless=True))
    assert isinstance(outcome, NoRoom)
    assert [s.budget.scope for s in outcome.blocking] == ["tokenless"]
    hold(ledger, "a3", "0.40")


def test_a_hold_that_was_made_earlier_by_the_clock_comes_after_all_the_same(
    ledger: Ledger, reports: Reports
) -> None:
    hold(ledger, "late", at_ms=NOW_MS)
    hold(ledger, "early", at_ms=NOW_MS - 3_600_000)
    hold(ledger, "same", at_ms=NOW_MS)
    assert {row.attempt for row in reports.holds()} == {"late", "early", "same"}
    ids = [row.attempt for row in reports.attempts("s1")]
    assert ids == ["same", "early", "late"]


def test_memory_that_was_dropped_is_read_again_with_what_is_held(
    ledger: Ledger,
) -> None:
    hold(ledger, "a1", "0.60", budgets=three("1.00"))
    hold(ledger, "a2", "0.10", budgets=three("1.00"))
    ledger.settle(truth("a2", "0.10"))
    ledger._holds.forget()
    outcome = ledger.hold(asking("a3", "0.40", budgets=three("1.00")))
    assert isinstance(outcome, NoRoom)
    assert outcome.blocking[0].held == usd("0.60")
    ledger._holds.forget()
    ledger.void(ending("a1"))
    assert sums(ledger, month()) == ("0.1", "0", "0")
    hold(ledger, "a3", "0.40", budgets=three("1.00"))


def test_what_the_rows_say_is_held_is_what_memory_says(
    ledger: Ledger, reports: Reports
) -> None:
    hold(ledger, "a1", "0.60")
    hold(ledger, "a2", "0.10", budgets=(month(),))
    held = {s.budget.window: s.held for s in reports.budgets(NOW_MS // 1000)}
    assert held == {"month": usd("0.70"), "day": usd("0.60")}
    ledger.void(ending("a1"))
    held = {s.budget.window: s.held for s in reports.budgets(NOW_MS // 1000)}
    assert held == {"month": usd("0.10"), "day": usd("0")}


def test_sub_agents_count_in_their_roots_budget(
    ledger: Ledger, reports: Reports
) -> None:
    hold(ledger, "a1", "0.50")
    hold(
        ledger,
        "a2",
        "0.25",
        session="s1/sub",
        root_session="s1",
        parent="s1",
        budgets=three(session="s1"),
        labels=Labels(agent="explore"),
    )
    assert sums(ledger, of_session("s1")) == ("0", "0.75", "0")
    sub = reports.session("s1/sub")
    assert sub is not None
    assert (sub.held, sub.parent, sub.root) == (usd("0.25"), "s1", "s1")


def test_a_fault_of_the_caller_leaves_nothing_behind(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    with pytest.raises(TypeError):
        ledger.hold(asking("a2", "0.50", session="new", provider=object()))
    assert sums(ledger, month()) == ("0", "0.5", "0")
    hold(ledger, "a2", "0.50", session="new")

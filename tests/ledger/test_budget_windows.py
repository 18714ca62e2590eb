"""The mirror of window sums in memory is the database's, whatever happened."""

from __future__ import annotations

import dataclasses

import pytest

from faregate.core.holds import BudgetWindow, NoRoom
from faregate.ledger import budget_windows as module
from faregate.ledger.ledger import Ledger
from tests.ledger.building import (
    DAY_START,
    MONTH_END,
    asking,
    day,
    hold,
    month,
    of_session,
    sums,
    three,
    truth,
    usd,
)


def test_a_look_at_windows_never_used_begins_no_day_and_no_month(
    ledger: Ledger,
) -> None:
    agent = BudgetWindow(scope="agent:x", window="week", limit=usd("3"))
    (state, *_) = ledger.states([agent, *three()])
    assert state.room == usd("3")
    count = ledger._parts.connection.execute(
        "SELECT group_concat(scope || ' ' || window) FROM budget_window"
    ).get
    assert count == "agent:x week"


def test_states_answer_in_the_order_and_with_the_limits_asked(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    asked = [of_session(limit="9"), day("7"), month("1")]
    found = ledger.states(asked)
    assert [s.budget for s in found] == asked
    assert {s.held for s in found} == {usd("0.50")}
    assert ledger.states(tuple(asked)) == found


def test_a_look_does_not_change_a_limit(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    ledger.states((month("999"),))
    (row,) = ledger._parts.windows.matching("global", "month", 0)
    assert row.limit == usd("20").pico


def test_a_new_limit_is_stored_with_the_next_hold(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50", budgets=three("20"))
    hold(ledger, "a2", "0.50", budgets=three("30"))
    ledger._parts.windows.forget()
    (row,) = ledger._parts.windows.matching("global", "month", 0)
    assert row.limit == usd("30").pico


def test_lowering_blocks_new_holds_alone(ledger: Ledger) -> None:
    hold(ledger, "a1", "5", budgets=three("20"))
    assert isinstance(ledger.hold(asking("a2", "0.01", budgets=three("1"))), NoRoom)
    assert ledger.states(three("1"))[0].room == usd("-4")
    ledger.settle(truth("a1", "4"))
    assert sums(ledger, month("1")) == ("4", "0", "0")


def test_memory_is_bounded_and_holds_survive_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CACHE_SIZE", 5)
    for number in range(60):
        hold(ledger, f"a{number}", "0.01", session=f"s{number % 17}")
    windows = ledger._parts.windows
    assert len(windows._sets) <= 6
    assert len(windows._by_key) <= 12
    for number in range(60):
        ledger.settle(truth(f"a{number}", "0.01"))
    assert sums(ledger, month()) == ("0.6", "0", "0")
    windows.forget()
    assert sums(ledger, month()) == ("0.6", "0", "0")


def test_one_window_is_one_row_in_memory_however_it_was_found(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    windows = ledger._parts.windows
    windows.forget()
    by_id = windows.row(1)
    assert windows.select(three()).rows[0] is by_id
    assert windows.matching("global", "month", 0)[0] is by_id
    windows.forget()
    by_key = windows.select(three()).rows[0]
    assert windows.row(1) is by_key


def test_a_window_is_its_scope_kind_and_start(ledger: Ledger) -> None:
    later = dataclasses.replace(month(), starts_at=MONTH_END, ends_at=None)
    hold(ledger, "a1", "0.50")
    hold(ledger, "a2", "0.25", budgets=(later,))
    assert sums(ledger, month()) == ("0", "0.5", "0")
    assert sums(ledger, later) == ("0", "0.25", "0")


def test_the_newest_window_is_where_a_clock_may_not_go_behind(ledger: Ledger) -> None:
    assert ledger.high_water_s() == 0
    hold(ledger)
    assert ledger.high_water_s() == DAY_START

"""A person is told at each mark, once a window."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.holds import Booked, LedgerError
from faregate.core.money import MAX_PICO
from faregate.ledger.alerts import NEVER, AlertMarks
from faregate.ledger.ledger import Ledger
from tests.ledger.building import (
    MONTH_END,
    ending,
    hold,
    killed,
    month,
    open_ledger,
    three,
    truth,
)
from tests.ledger.test_replay import failing_writes


def spend(ledger: Ledger, attempt: str, cost: str, limit: str = "10") -> Booked:
    hold(ledger, attempt, cost, budgets=three(limit))
    return ledger.settle(truth(attempt, cost))


def told(booked: Booked) -> list[int]:
    return [crossing.percent for crossing in booked.crossings]


def test_each_mark_is_told_once(ledger: Ledger) -> None:
    assert told(spend(ledger, "a1", "4.99")) == []
    assert told(spend(ledger, "a2", "0.01")) == [50]
    assert told(spend(ledger, "a3", "1")) == []
    assert told(spend(ledger, "a4", "2.5")) == [80]
    assert told(spend(ledger, "a5", "1")) == []


def test_one_booking_may_pass_both(ledger: Ledger) -> None:
    booked = spend(ledger, "a1", "9")
    assert told(booked) == [50, 80]
    assert booked.crossings[0].state.spent.exact() == "9"
    assert booked.crossings[0].state.budget == month("10")


def test_open_holds_do_not_alarm_and_unknowns_do(ledger: Ledger) -> None:
    hold(ledger, "a1", "9", budgets=three("10"))
    assert told(spend(ledger, "a2", "0.5")) == []
    assert told(ledger.mark_unknown(ending("a1"))) == [50, 80]


def test_a_void_tells_nothing(ledger: Ledger) -> None:
    hold(ledger, "a1", "9", budgets=three("10"))
    assert told(ledger.void(ending("a1"))) == []


def test_a_restart_does_not_repeat(folder: Path) -> None:
    ledger = open_ledger(folder)
    assert told(spend(ledger, "a1", "6")) == [50]
    ledger.close()
    ledger = open_ledger(folder)
    assert told(spend(ledger, "a2", "1")) == []
    assert told(spend(ledger, "a3", "1")) == [80]
    ledger.close()


def test_what_nobody_heard_at_a_start_is_told_afterwards(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1", "6", budgets=three("10"))
    copy = killed(folder)
    ledger.close()
    again = open_ledger(copy)
    assert again.swept == ("a1",)
    assert told(spend(again, "a2", "0.1")) == [50]
    again.close()


def test_what_was_spilled_is_told_afterwards(ledger: Ledger) -> None:
    hold(ledger, "a1", "6", budgets=three("10"))
    with failing_writes(ledger):
        assert told(ledger.settle(truth("a1", "6"))) == []
    assert told(spend(ledger, "a2", "0.1")) == [50]


def test_the_next_window_is_armed_again(ledger: Ledger) -> None:
    assert told(spend(ledger, "a1", "6")) == [50]
    later = dataclasses.replace(
        month("10"), starts_at=MONTH_END, ends_at=MONTH_END + 2_592_000
    )
    hold(ledger, "a2", "6", budgets=(later,))
    assert told(ledger.settle(truth("a2", "6"))) == [50]


def test_a_raise_lets_a_mark_be_told_again(ledger: Ledger) -> None:
    assert told(spend(ledger, "a1", "6")) == [50]
    assert told(spend(ledger, "a2", "1", limit="20")) == []
    assert told(spend(ledger, "a3", "3", limit="20")) == [50]


def test_lowering_tells_what_was_passed_meanwhile(ledger: Ledger) -> None:
    assert told(spend(ledger, "a1", "6")) == [50]
    assert told(spend(ledger, "a2", "0.1", limit="7")) == [80]


def test_the_marks_may_be_chosen(ledger: Ledger) -> None:
    ledger.set_alert_marks([90, 10])
    assert told(spend(ledger, "a1", "2")) == [10]
    assert told(spend(ledger, "a2", "7")) == [90]


@pytest.mark.parametrize("mark", [0, 101, -5])
def test_a_mark_that_could_never_be_reached_is_refused(mark: int) -> None:
    with pytest.raises(LedgerError, match="between 1 and 100"):
        AlertMarks((50, mark))


@settings(deadline=None)
@given(
    limit=st.integers(-5, MAX_PICO) | st.none(),
    used=st.integers(0, MAX_PICO),
    alerted=st.sampled_from([0, 50, 80]),
)
def test_next_at_is_exactly_where_the_next_mark_is_crossed(
    limit: int | None, used: int, alerted: int
) -> None:
    marks = AlertMarks()
    crossed = marks.crossed(limit, alerted, used)
    assert (used >= marks.next_at(limit, alerted)) is bool(crossed)
    if limit is None or limit <= 0:
        assert marks.next_at(limit, alerted) == NEVER

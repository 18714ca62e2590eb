"""Sums become values when they are read, and are those of their own instant."""

from __future__ import annotations

from faregate.core.holds import (
    Booked,
    BudgetState,
    BudgetWindow,
    Held,
    HoldState,
    Sums,
)
from faregate.core.money import ZERO, Money
from faregate.ledger.answers import BookedNow, HeldNow

MONTH = BudgetWindow(scope="global", window="month", limit=Money(100))
STATE = BudgetState(
    budget=MONTH, spent=Money(1), held=Money(2), unknown=Money(3), closed=True
)


def sums() -> list[Sums]:
    return [(MONTH, 1, 2, 3, True)]


def test_a_hold_tells_its_budgets_as_values() -> None:
    held = HeldNow("a", Money(2), sums())
    assert isinstance(held, Held)
    assert (held.attempt, held.amount, held.states) == ("a", Money(2), (STATE,))
    assert held.states[0].room == Money(94)


def test_a_hold_tells_the_same_in_plain_figures() -> None:
    held = Held(attempt="a", amount=Money(2), states=(STATE,))
    assert held.sums() == HeldNow("a", Money(2), sums()).sums() == sums()


def test_a_booking_tells_its_budgets_as_values() -> None:
    booked = BookedNow(HoldState.SETTLED, ZERO, (), sums())
    assert isinstance(booked, Booked)
    assert (booked.state, booked.overrun, booked.crossings) == (
        HoldState.SETTLED,
        ZERO,
        (),
    )
    assert booked.states == (STATE,)

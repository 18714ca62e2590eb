"""Room is what a limit leaves; without a limit there is no number for it."""

from __future__ import annotations

from faregate.core.holds import BudgetState, BudgetWindow, state_of
from faregate.core.money import Money


def state(limit: Money | None) -> BudgetState:
    return BudgetState(
        budget=BudgetWindow(scope="global", window="month", limit=limit),
        spent=Money.usd(3),
        held=Money.usd(2),
        unknown=Money.usd(1),
    )


def test_room_counts_spent_held_and_unknown() -> None:
    assert state(Money.usd(10)).room == Money.usd(4)


def test_room_can_be_below_zero_after_an_overrun() -> None:
    assert state(Money.usd(5)).room == Money.usd(-1)


def test_without_a_limit_there_is_no_room_to_name() -> None:
    assert state(None).room is None


def test_plain_figures_become_the_state_they_stand_for() -> None:
    window = state(Money.usd(10)).budget
    figures = [Money.usd(dollars).pico for dollars in (3, 2, 1)]
    spent, held, unknown = figures
    assert state_of((window, spent, held, unknown, False)) == state(Money.usd(10))
    assert state_of((window, spent, held, unknown, True)).closed
